// @ts-check
// The sentence of utils/refusal.js, at the button that was pressed; brings itself up where it would
// stand at the screen's edge or below the bar.

/** How far down the screen nothing covers it: a bar with buttons may stand below. */
const CLEAR_SHARE = 0.6;

/** @typedef {{top: number, bottom: number} | null} Box */

Component({
  properties: {
    text: { type: String, value: "" },
    /** Whether it stands in the bar at the bottom, which is never out of sight. */
    fixed: { type: Boolean, value: false },
  },

  observers: {
    text: function (/** @type {string} */ text) {
      if (text && !this.properties.fixed) wx.nextTick(() => this.bringUp());
    },
  },

  methods: {
    bringUp() {
      wx.createSelectorQuery()
        .in(this)
        .select(".refusal-note")
        .boundingClientRect()
        .selectViewport()
        .scrollOffset()
        .exec((/** @type {[Box, {scrollTop: number}]} */ [box, { scrollTop }]) => {
          const clear = wx.getWindowInfo().windowHeight * CLEAR_SHARE;
          if (!box || (box.top >= 0 && box.bottom <= clear)) return;
          wx.pageScrollTo({ scrollTop: Math.max(0, scrollTop + box.bottom - clear) });
        });
    },
  },
});
