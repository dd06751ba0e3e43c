// @ts-check
// A month; days with activities can be chosen. Weeks come from utils/calendar.js.
Component({
  properties: {
    /** "2026年7月" */
    title: { type: String, value: "" },
    weeks: { type: Array, value: [] },
    /** The chosen day's key; "" for none. */
    value: { type: String, value: "" },
  },

  data: { weekdays: ["一", "二", "三", "四", "五", "六", "日"] },

  methods: {
    /** @param {WechatMiniprogram.TouchEvent} event */
    onTurn(event) {
      /** @event turn {by: -1 | 1} another month is wanted */
      this.triggerEvent("turn", { by: Number(event.currentTarget.dataset.by) });
    },

    /** @param {WechatMiniprogram.TouchEvent} event */
    onChoose(event) {
      /** @event change {value: string} a day was chosen */
      this.triggerEvent("change", { value: event.currentTarget.dataset.key });
    },
  },
});
