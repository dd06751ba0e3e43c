// @ts-check
// Check in somebody without a phone, in two fields; without a network it is kept and sent later.

const look = require("../../../../utils/look");
const { mobileOf } = require("../../../../utils/phone-number");
const { checkIn, vibrate } = require("../../utils/check-in");
const { chosenMarket } = require("../../utils/chosen");

/** @typedef {import("../../utils/scan-words").Answer} Answer */

Page({
  data: {
    look: look.current(),
    /** @type {{id: string, title: string} | null} */
    market: null,
    name: "",
    phone: "",
    nameError: "",
    phoneError: "",
    busy: false,
    /** @type {Answer | null} */
    answer: null,
  },

  onLoad() {
    this.setData({ market: chosenMarket.get() });
  },

  onShow() {
    look.apply(this);
  },

  /** @param {WechatMiniprogram.Input} event */
  onName({ detail }) {
    this.setData({ name: detail.value, nameError: "" });
  },

  /** @param {WechatMiniprogram.Input} event */
  onPhone({ detail }) {
    this.setData({ phone: detail.value, phoneError: "" });
  },

  async onCheckIn() {
    const { market, busy } = this.data;
    const name = this.data.name.trim();
    const phone = mobileOf(this.data.phone);
    if (!market || busy) return;
    const nameError = name ? "" : "请填写怎么称呼";
    const phoneError = phone || !this.data.phone.trim() ? "" : "手机号是 11 位数字，没有可以不填";
    this.setData({ nameError, phoneError });
    if (nameError || phoneError) return;
    this.setData({ busy: true });
    const guest = phone ? { name, phone } : { name };
    const { answer } = await checkIn(market, { guest }, { who: name, direction: "entry" });
    vibrate(answer.tone);
    this.setData({ busy: false, answer });
  },

  /** What was refused can be mended; what is done makes room for the next person. */
  onNext() {
    const done = this.data.answer && this.data.answer.tone !== "bad";
    this.setData({ answer: null, ...(done && { name: "", phone: "" }) });
  },

  onBack() {
    wx.navigateBack();
  },
});
