// @ts-check
// Asks for agreement to the privacy guide, when utils/privacy.js needs it. Every page that logs
// in or uses something private holds one, last in its WXML: <privacy-popup />

const privacy = require("../../utils/privacy");

/**
 * Who waits for the answer, by popup.
 * @type {WeakMap<object, ((agreed: boolean) => void)[]>}
 */
const waiting = new WeakMap();

Component({
  data: { open: false },

  lifetimes: {
    attached() {
      privacy.addPopup(this);
    },

    detached() {
      privacy.removePopup(this);
      this.answer(false);
    },
  },

  pageLifetimes: {
    show() {
      privacy.addPopup(this);
    },
  },

  methods: {
    /** @returns {Promise<boolean>} whether the person agrees */
    ask() {
      this.setData({ open: true });
      return new Promise((resolve) => {
        waiting.set(this, [...(waiting.get(this) || []), resolve]);
      });
    },

    /** @param {boolean} agreed */
    answer(agreed) {
      this.setData({ open: false });
      (waiting.get(this) || []).forEach((resolve) => resolve(agreed));
      waiting.delete(this);
    },

    /** Touches on the cover do not scroll the page below. */
    onHold() {},

    onRead() {
      wx.openPrivacyContract({});
    },

    onAgree() {
      this.answer(true);
    },

    onRefuse() {
      this.answer(false);
    },
  },
});
