// @ts-check
// One line at the top of a page: the network is away, something waits to be sent, or the server
// would not take something that was sent late. Put it first in `.page`; it hides itself.

const network = require("../../utils/network");
const outbox = require("../../utils/outbox");

/** @type {WeakMap<object, (() => void)[]>} */
const following = new WeakMap();

Component({
  data: {
    online: true,
    pending: 0,
    refusedTitle: "",
    refusedReason: "",
    refusedKey: "",
  },

  lifetimes: {
    attached() {
      following.set(this, [
        network.follow((online) => this.setData({ online })),
        outbox.follow(() => this.showOutbox()),
      ]);
    },

    detached() {
      (following.get(this) || []).forEach((stop) => stop());
    },
  },

  methods: {
    showOutbox() {
      const [first] = outbox.refused();
      this.setData({
        pending: outbox.pending().length,
        refusedTitle: first ? first.title : "",
        refusedReason: first ? first.refused || "" : "",
        refusedKey: first ? first.key : "",
      });
    },

    onDismiss() {
      outbox.dismiss(this.data.refusedKey);
    },

    onSend() {
      outbox.flush();
    },
  },
});
