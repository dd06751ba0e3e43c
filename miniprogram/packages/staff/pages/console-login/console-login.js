// @ts-check
// Let a PC into the web console: scan the code on its screen, look which one it is, confirm.

const { sentenceOf } = require("../../../../api/errors");
const look = require("../../../../utils/look");
const { clock } = require("../../../../utils/time");
const { confirmConsoleLogin, getConsoleLogin, loginCode } = require("../../api/console");

Page({
  data: {
    look: look.current(),
    loading: false,
    busy: false,
    error: "",
    code: "",
    /** Which browser asks, and when. */
    browser: "",
    askedAt: "",
    done: false,
  },

  onShow() {
    look.apply(this);
  },

  onScan() {
    wx.scanCode({
      scanType: ["qrCode"],
      success: ({ result }) => {
        const code = loginCode(result);
        if (code) this.ask(code);
        else this.setData({ code: "", error: "这不是电脑登录的二维码，请扫电脑登录页上的码。" });
      },
      fail: () => undefined,
    });
  },

  /** @param {string} code */
  async ask(code) {
    this.setData({ code: "", error: "", done: false, loading: true });
    try {
      const { browser, asked_at: askedAt } = await getConsoleLogin(code);
      this.setData({ code, browser, askedAt: clock(askedAt), loading: false });
    } catch (error) {
      this.setData({ error: sentenceOf(error), loading: false });
    }
  },

  async onConfirm() {
    if (this.data.busy) return;
    this.setData({ busy: true, error: "" });
    try {
      await confirmConsoleLogin(this.data.code);
      this.setData({ done: true, code: "" });
    } catch (error) {
      this.setData({ error: sentenceOf(error) });
    } finally {
      this.setData({ busy: false });
    }
  },

  onRefuse() {
    this.setData({ code: "", error: "" });
  },

  onBack() {
    wx.navigateBack();
  },
});
