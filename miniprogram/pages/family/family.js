// @ts-check
// The family members I act for.

const { sentenceOf } = require("../../api/errors");
const { listFamily } = require("../../api/me");
const look = require("../../utils/look");

const MOST = 10;

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    /** @type {import("../../api/types").FamilyMember[]} */
    members: [],
    full: false,
  },

  onShow() {
    look.apply(this);
    this.load();
  },

  async load() {
    try {
      const { items } = await listFamily();
      this.setData({ members: items, full: items.length >= MOST, loading: false, error: "" });
    } catch (error) {
      if (!this.data.members.length) this.setData({ loading: false, error: sentenceOf(error) });
    }
  },

  onRetry() {
    this.setData({ loading: true, error: "" });
    this.load();
  },

  onAdd() {
    wx.navigateTo({ url: "/pages/family-edit/family-edit" });
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onEdit(event) {
    wx.navigateTo({ url: `/pages/family-edit/family-edit?id=${event.currentTarget.dataset.id}` });
  },
});
