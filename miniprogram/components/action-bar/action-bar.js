// @ts-check
// Holds a page's main buttons at the bottom, under the thumb. Put it last in `.page`.
// <action-bar><button class="btn" bindtap="…">报名</button></action-bar>
// Why a button did nothing is said above it: <action-bar refusal="{{refusal.text}}">.
// What was tapped may have to log in first: where that waits, it is said above the button.

const loginLine = require("../../utils/login-line");

/** @type {WeakMap<object, () => void>} */
const following = new WeakMap();

Component({
  properties: {
    /** The sentence of utils/refusal.js. */
    refusal: { type: String, value: "" },
  },

  data: { waiting: false },

  lifetimes: {
    attached() {
      following.set(this, loginLine.follow((waiting) => this.setData({ waiting })));
    },

    detached() {
      following.get(this)?.();
    },
  },
});
