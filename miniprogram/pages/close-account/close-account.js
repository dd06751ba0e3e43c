// @ts-check
// Close my account: what goes, what stays; confirmed by typing.

const { closeAccount } = require("../../api/me");
const look = require("../../utils/look");
const { NO_REFUSAL, comeBack, refuse } = require("../../utils/refusal");

const WORD = "注销";

Page({
  data: { look: look.current(), typed: "", matches: false, busy: false, refusal: NO_REFUSAL },

  onShow() {
    look.apply(this);
    comeBack(this);
  },

  /** @param {WechatMiniprogram.Input} event */
  onType({ detail }) {
    this.setData({ typed: detail.value, matches: detail.value.trim() === WORD });
  },

  async onClose() {
    if (!this.data.matches || this.data.busy) return;
    this.setData({ busy: true, refusal: NO_REFUSAL });
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
      this.setData({ busy: false });
      refuse(this, error);
    }
  },
});
