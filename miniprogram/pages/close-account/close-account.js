// @ts-check
// Close my account: what goes, what stays; confirmed by typing.

const { sentenceOf } = require("../../api/errors");
const { closeAccount } = require("../../api/me");
const look = require("../../utils/look");

const WORD = "注销";

Page({
  data: { look: look.current(), typed: "", matches: false, busy: false, refusal: "" },

  onShow() {
    look.apply(this);
  },

  /** @param {WechatMiniprogram.Input} event */
  onType({ detail }) {
    this.setData({ typed: detail.value, matches: detail.value.trim() === WORD });
  },

  async onClose() {
    if (!this.data.matches || this.data.busy) return;
    this.setData({ busy: true, refusal: "" });
    try {
      await closeAccount();
      await wx.showModal({
        title: "账号已注销",
        content: "您的个人信息已经清除。欢迎以后再来。",
        showCancel: false,
        confirmText: "好的",
      });
      wx.reLaunch({ url: "/pages/home/home" });
    } catch (error) {
      this.setData({ busy: false, refusal: sentenceOf(error) });
    }
  },
});
