// @ts-check
// Let a PC into the web console: scan the code on its screen, look which one it is, confirm.

const look = require("../../../../utils/look");
const { NO_REFUSAL, comeBack, refuse } = require("../../../../utils/refusal");
const { clock } = require("../../../../utils/time");
const { confirmConsoleLogin, getConsoleLogin, loginCode } = require("../../api/console");

Page({
  data: {
    look: look.current(),
    loading: false,
    busy: false,
    refusal: NO_REFUSAL,
    code: "",
    /** Which browser asks, and when. */
    browser: "",
    askedAt: "",
    done: false,
  },

  onShow() {
    look.apply(this);
    comeBack(this);
  },

  onScan() {
    wx.scanCode({
      scanType: ["qrCode"],
      success: ({ result }) => {
        const code = loginCode(result);
        if (code) this.ask(code);
        else this.refuseCode();
      },
      fail: () => undefined,
    });
  },

  refuseCode() {
    this.setData({ code: "" });
    refuse(this, "这不是电脑登录的二维码，请扫电脑登录页上的码");
  },

  /** @param {string} code */
  async ask(code) {
    this.setData({ code: "", refusal: NO_REFUSAL, done: false, loading: true });
    try {
      const { browser, asked_at: askedAt } = await getConsoleLogin(code);
      this.setData({ code, browser, askedAt: clock(askedAt), loading: false });
    } catch (error) {
      this.setData({ loading: false });
      refuse(this, error);
    }
  },

  async onConfirm() {
    if (this.data.busy) return;
    this.setData({ busy: true, refusal: NO_REFUSAL });
    try {
      await confirmConsoleLogin(this.data.code);
      this.setData({ done: true, code: "" });
    } catch (error) {
      refuse(this, error);
    } finally {
      this.setData({ busy: false });
    }
  },

  onRefuse() {
    this.setData({ code: "", refusal: NO_REFUSAL });
  },

  onBack() {
    wx.navigateBack();
  },
});
