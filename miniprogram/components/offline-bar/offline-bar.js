// @ts-check
// One line at the top of a page: the network is away, the server was too busy to answer, something
// waits to be sent, or the server would not take something that was sent late. Put it first in `.page`; it hides itself.

const behind = require("../../utils/behind");
const network = require("../../utils/network");
const outbox = require("../../utils/outbox");
const { kindOf } = require("../../utils/outbox-kinds");

/** @type {WeakMap<object, (() => void)[]>} */
const following = new WeakMap();
/** The page that each is on. @type {WeakMap<object, ReturnType<typeof behind.pageOnTop>>} */
const pages = new WeakMap();

Component({
  properties: {
    /** Whether its page shows nothing yet: then nothing can be old. */
    empty: { type: Boolean, value: false },
    /** What its page does without a network, where that is more than to wait for it. */
    words: { type: String, value: "" },
  },

  data: {
    online: true,
    isBehind: false,
    pending: 0,
    refusedTitle: "",
    refusedReason: "",
    refusedKey: "",
    /** The page that shows such refusals one by one; empty where this bar is the place. */
    refusedPage: "",
  },

  lifetimes: {
    attached() {
      pages.set(this, behind.pageOnTop());
      following.set(this, [
        network.follow((online) => this.setData({ online })),
        behind.follow(() => this.showBehind()),
        outbox.follow(() => this.showOutbox()),
      ]);
    },

    detached() {
      (following.get(this) || []).forEach((stop) => stop());
      const page = pages.get(this);
      if (page) behind.forget(page);
    },
  },

  pageLifetimes: {
    show() {
      // It is attached before its page is on top, where it does not come later.
      pages.set(this, behind.pageOnTop());
      this.showBehind();
    },
  },

  methods: {
    showBehind() {
      const page = pages.get(this);
      this.setData({ isBehind: page !== undefined && behind.isBehind(page) });
    },

    showOutbox() {
      const [first] = outbox.refused();
      this.setData({
        pending: outbox.pending().length,
        refusedTitle: first ? first.title : "",
        refusedReason: first ? first.refused || "" : "",
        refusedKey: first ? first.key : "",
        refusedPage: first ? kindOf(first.kind).page : "",
      });
    },

    onDismiss() {
      outbox.dismiss(this.data.refusedKey);
    },

    onOpen() {
      wx.navigateTo({ url: this.data.refusedPage });
    },

    onSend() {
      outbox.flush();
    },
  },
});
