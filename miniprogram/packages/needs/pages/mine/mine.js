// @ts-check
// What I and my family ask for, and how far each has come.

const look = require("../../../../utils/look");
const outbox = require("../../../../utils/outbox");
const { UNREAD, createList } = require("../../../../utils/paged-list");
const { listMyNeeds } = require("../../api/needs");
const { needWords } = require("../../utils/need-words");

/** @typedef {import("../../../../api/types").Need} Need */

Page({
  data: {
    look: look.current(),
    ...UNREAD,
    /** @type {ReturnType<typeof needWords>[]} */
    items: [],
  },

  /** @type {ReturnType<typeof createList<Need, void>> | undefined} */
  list: undefined,
  /** Stops following what is handed in late. */
  unfollow: () => {},

  onLoad() {
    this.unfollow = outbox.followSent(() => this.list?.refresh());
    this.list = createList(this, {
      namesFamily: false,
      read: listMyNeeds,
      readBeside: async () => undefined,
      show: (needs) => this.setData({ items: needs.map(needWords) }),
    });
  },

  onUnload() {
    this.unfollow();
  },

  onShow() {
    look.apply(this);
    this.list?.refresh();
  },

  onReachBottom() {
    this.list?.more();
  },

  onRetry() {
    this.list?.retry();
  },

  onNew() {
    wx.navigateTo({ url: "/packages/needs/pages/new/new" });
  },

  onNear() {
    wx.navigateTo({ url: "/packages/needs/pages/near/near" });
  },
});
