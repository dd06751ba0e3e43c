// @ts-check
// What 吾社集 is, and how personal information is handled.

const look = require("../../utils/look");

Page({
  data: { look: look.current() },

  onShow() {
    look.apply(this);
  },

  onGuide() {
    wx.openPrivacyContract({
      fail: () => wx.showToast({ title: "暂时打不开，请稍后再试", icon: "none" }),
    });
  },
});
