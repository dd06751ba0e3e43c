// @ts-check
// Reading has failed: what happened, and one button. Tries by itself when the network is back.

const network = require("../../utils/network");

/** @type {WeakMap<object, () => void>} */
const following = new WeakMap();

Component({
  properties: {
    /** The sentence of `sentenceOf(error)`. */
    text: { type: String, value: "" },
  },

  lifetimes: {
    attached() {
      let before = true;
      const stop = network.follow((online) => {
        if (online && !before) this.onRetry();
        before = online;
      });
      following.set(this, stop);
    },

    detached() {
      following.get(this)?.();
    },
  },

  methods: {
    onRetry() {
      /** @event retry the page is to read again */
      this.triggerEvent("retry");
    },
  },
});
