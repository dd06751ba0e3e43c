// @ts-check
// One line at the top of a page: a number of mine is called, or was passed over and I have not
// looked since. Put it first in `.page`; it hides itself, and stays in sight while the page is scrolled.

const { callWords, passedWords } = require("../../utils/booking-words");
const { unseen } = require("../../utils/call-alert");
const myNumbers = require("../../utils/my-numbers");

const NUMBER_PAGE = "pages/number/number";

/** @type {WeakMap<object, () => void>} */
const following = new WeakMap();

Component({
  data: { words: "" },

  lifetimes: {
    attached() {
      const onChange = (/** @type {import("../../api/types").Booking[]} */ bookings) =>
        this.setData({ words: callWords(bookings) || passedWords(unseen(bookings)) });
      following.set(this, myNumbers.follow({ onChange }));
    },

    detached() {
      following.get(this)?.();
    },
  },

  methods: {
    onNumber() {
      const [page] = getCurrentPages().slice(-1);
      // There it stands first.
      if (page.route === NUMBER_PAGE) wx.pageScrollTo({ scrollTop: 0 });
      else wx.switchTab({ url: `/${NUMBER_PAGE}` });
    },
  },
});
