// @ts-check
// My name and phone number: both optional; the number by WeChat or typed.

const { getCatalogue } = require("../../api/activities");
const { ApiError, sentenceOf } = require("../../api/errors");
const { bindPhone, changeMe, getMe, giveConsent } = require("../../api/me");
const look = require("../../utils/look");
const { mobileOf } = require("../../utils/phone-number");

const PHONE = "phone";

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    name: "",
    birthYear: "",
    known: "",
    isVerified: false,
    phone: "",
    typing: false,
    agreed: false,
    /** @type {Record<string, string>} */
    faults: {},
    busy: false,
  },

  /** @type {{purpose: string, version: string} | undefined} the consent still to be given */
  missing: undefined,

  onLoad() {
    this.load();
  },

  onShow() {
    look.apply(this);
  },

  async load() {
    this.setData({ loading: true, error: "" });
    try {
      const [me, { consents }] = await Promise.all([getMe(), getCatalogue()]);
      const wanted = consents.find(({ purpose }) => purpose === PHONE);
      const given = me.consents.find(({ purpose }) => purpose === PHONE);
      this.missing = wanted && given?.version === wanted.version ? undefined : wanted;
      this.setData({
        name: me.name || "",
        birthYear: me.birth_year ? String(me.birth_year) : "",
        known: me.phone || "",
        isVerified: me.phone_state === "verified" || me.phone_state === "confirmed",
        agreed: !this.missing,
        loading: false,
      });
    } catch (error) {
      this.setData({ loading: false, error: sentenceOf(error) });
    }
  },

  /** @param {WechatMiniprogram.Input} event */
  onName({ detail }) {
    this.setData({ name: detail.value, "faults.name": "" });
  },

  /** @param {WechatMiniprogram.Input} event */
  onBirthYear({ detail }) {
    this.setData({ birthYear: detail.value, "faults.birth_year": "" });
  },

  /** @param {WechatMiniprogram.Input} event */
  onPhone({ detail }) {
    this.setData({ phone: detail.value, "faults.phone": "" });
  },

  onAgree() {
    this.setData({ agreed: !this.data.agreed });
  },

  onType() {
    this.setData({ typing: true });
  },

  onSaveName() {
    const { name, birthYear } = this.data;
    if (birthYear && !/^\d{4}$/.test(birthYear)) {
      this.setData({ "faults.birth_year": "请写四位数的年份，例如 1953" });
      return;
    }
    const body = { name: name.trim() || null, ...(birthYear && { birth_year: Number(birthYear) }) };
    this.save(() => changeMe(body), "已保存");
  },

  /** @param {WechatMiniprogram.ButtonGetPhoneNumber} event */
  onWeChatPhone({ detail }) {
    if (!detail.code) {
      this.setData({ typing: true });
      return;
    }
    this.bind({ code: detail.code });
  },

  onTypedPhone() {
    const phone = mobileOf(this.data.phone);
    if (!phone) {
      this.setData({ "faults.phone": "请填写 11 位手机号" });
      return;
    }
    this.bind({ phone });
  },

  /** @param {{code: string} | {phone: string}} body */
  bind(body) {
    this.save(async () => {
      if (this.missing) await giveConsent(this.missing.purpose, this.missing.version);
      await bindPhone(body);
      this.setData({ phone: "", typing: false });
    }, "手机号已保存");
  },

  /**
   * @param {() => Promise<unknown>} send
   * @param {string} words
   */
  async save(send, words) {
    if (this.data.busy) return;
    this.setData({ busy: true, faults: {} });
    try {
      await send();
      wx.showToast({ title: words, icon: "none" });
      await this.load();
    } catch (error) {
      const fields = error instanceof ApiError ? Object.entries(error.errors || {}) : [];
      this.setData({ faults: Object.fromEntries(fields.map(([field, sentences]) => [field, sentences[0]])) });
      wx.showToast({ title: sentenceOf(error), icon: "none" });
    } finally {
      this.setData({ busy: false });
    }
  },
});
