// @ts-check
// What 吾社集 is, and how personal information is handled.

const look = require("../../utils/look");
const { NO_REFUSAL, comeBack, refuse } = require("../../utils/refusal");

Page({
  data: { look: look.current(), refusal: NO_REFUSAL },

  onShow() {
    look.apply(this);
    comeBack(this);
  },

  onGuide() {
    this.setData({ refusal: NO_REFUSAL });
    wx.openPrivacyContract({
      fail: () => refuse(this, "暂时打不开，请稍后再试"),
    });
  },
});
