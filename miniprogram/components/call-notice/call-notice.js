// @ts-check
// One line at the top of a page that is about something else: a number of mine is called. Put it
// first in `.page`; it hides itself, and stays in sight while the page is scrolled.

const { callWords } = require("../../utils/booking-words");
const myNumbers = require("../../utils/my-numbers");

/** @type {WeakMap<object, () => void>} */
const following = new WeakMap();

Component({
  data: { words: "" },

  lifetimes: {
    attached() {
      const onChange = (/** @type {import("../../api/types").Booking[]} */ bookings) =>
        this.setData({ words: callWords(bookings) });
      following.set(this, myNumbers.follow({ onChange }));
    },

    detached() {
      following.get(this)?.();
    },
  },

  methods: {
    onNumber() {
      wx.switchTab({ url: "/pages/number/number" });
    },
  },
});
