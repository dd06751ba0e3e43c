// @ts-check
// What is stored about me, in plain words; all of it can be copied.

const { sentenceOf } = require("../../api/errors");
const { exportMe } = require("../../api/me");
const { exportSections } = require("../../utils/export-words");
const look = require("../../utils/look");

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    /** @type {import("../../utils/export-words").Section[]} */
    sections: [],
  },

  /** @type {Record<string, any>} */
  stored: {},

  onLoad() {
    this.load();
  },

  onShow() {
    look.apply(this);
  },

  async load() {
    this.setData({ loading: true, error: "" });
    try {
      this.stored = await exportMe();
      this.setData({ sections: exportSections(this.stored), loading: false });
    } catch (error) {
      this.setData({ loading: false, error: sentenceOf(error) });
    }
  },

  onCopy() {
    wx.setClipboardData({
      data: JSON.stringify(this.stored, null, 2),
      fail: () => wx.showToast({ title: "没有复制成功，请再试一次", icon: "none" }),
    });
  },
});
