// @ts-check
// What came of a scan, over the whole screen: read at arm's length, by somebody who looks at the
// next person already. The page decides how long it stays.
Component({
  properties: {
    /** An Answer of utils/scan-words.js. */
    answer: { type: Object, value: { tone: "plain", icon: "clock", title: "", text: "" } },
    /** What the person may answer, as {key, words}; none where nothing is asked. */
    ways: { type: Array, value: [] },
    /** Words of the button that goes on; empty while there is nothing to go on with. */
    next: { type: String, value: "" },
    /** Words of a second way out. */
    other: { type: String, value: "" },
  },

  methods: {
    /** @param {WechatMiniprogram.TouchEvent} event */
    onWay(event) {
      /** @event way one was chosen: {key} */
      this.triggerEvent("way", { key: event.currentTarget.dataset.key });
    },

    onNext() {
      /** @event next the person has read it */
      this.triggerEvent("next");
    },

    onOther() {
      /** @event other the second way */
      this.triggerEvent("other");
    },
  },
});
