// @ts-check
// Shown while a page reads what it needs; says so where that waits for a login.

const loginLine = require("../../utils/login-line");

/** @type {WeakMap<object, () => void>} */
const following = new WeakMap();

Component({
  properties: {
    /** What is being done. */
    text: { type: String, value: "正在加载,请稍候" },
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
