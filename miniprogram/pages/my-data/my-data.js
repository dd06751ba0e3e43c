// @ts-check
// What is stored about me, in plain words; all of it can be copied.

const { sentenceOf } = require("../../api/errors");
const { exportMe } = require("../../api/me");
const { exportSections } = require("../../utils/export-words");
const look = require("../../utils/look");
const { NO_REFUSAL, comeBack, refuse } = require("../../utils/refusal");

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    /** @type {import("../../utils/export-words").Section[]} */
    sections: [],
    refusal: NO_REFUSAL,
  },

  /** @type {Record<string, any>} */
  stored: {},

  onLoad() {
    this.load();
  },

  onShow() {
    look.apply(this);
    comeBack(this);
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
    this.setData({ refusal: NO_REFUSAL });
    wx.setClipboardData({
      data: JSON.stringify(this.stored, null, 2),
      fail: () => refuse(this, "没有复制成功，请再试一次"),
    });
  },
});
