// @ts-check
// Shown while a page reads what it needs; says so where that waits for a login. While the person is
// asked for consent nothing is read, and nothing moves behind the question.

const loginLine = require("../../utils/login-line");
const privacy = require("../../utils/privacy");

/** @type {WeakMap<object, (() => void)[]>} */
const following = new WeakMap();

Component({
  properties: {
    /** What is being done. */
    text: { type: String, value: "正在加载，请稍候" },
  },

  data: { waiting: false, asking: false },

  lifetimes: {
    attached() {
      following.set(this, [
        loginLine.follow((waiting) => this.setData({ waiting })),
        privacy.followAsking((asking) => this.setData({ asking })),
      ]);
    },

    detached() {
      (following.get(this) || []).forEach((stop) => stop());
    },
  },
});
