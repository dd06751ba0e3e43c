// @ts-check
// My name and phone number: both optional; the number by WeChat or typed.

const { getCatalogue } = require("../../api/activities");
const { sentenceOf } = require("../../api/errors");
const { bindPhone, changeMe, getMe, giveConsent } = require("../../api/me");
const { draftOf } = require("../../utils/draft");
const look = require("../../utils/look");
const { halfWidth, mobileOf } = require("../../utils/phone-number");
const { NO_REFUSAL, comeBack, mend, refuse } = require("../../utils/refusal");

const PHONE = "phone";
/** The page's buttons. */
const NAME = "name", BY_WECHAT = "wechat", TYPED = "typed";
const UNAGREED = "请先勾选「同意这样使用我的手机号」";

/** What is begun and not saved, by the button that saves it. */
/** @type {ReturnType<typeof draftOf<{name: string, birthYear: string}>>} */
const nameDraft = draftOf("my-name");
/** @type {ReturnType<typeof draftOf<{phone: string}>>} */
const phoneDraft = draftOf("my-phone");

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
    refusal: NO_REFUSAL,
    busy: false,
  },

  /** @type {{purpose: string, version: string} | undefined} the consent still to be given */
  missing: undefined,

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
      const [me, { consents }] = await Promise.all([getMe(), getCatalogue()]);
      const wanted = consents.find(({ purpose }) => purpose === PHONE);
      const given = me.consents.find(({ purpose }) => purpose === PHONE);
      this.missing = wanted && given?.version === wanted.version ? undefined : wanted;
      const begun = phoneDraft.get();
      this.setData({
        name: me.name || "",
        birthYear: me.birth_year ? String(me.birth_year) : "",
        ...nameDraft.get(),
        ...(begun && { phone: begun.phone, typing: true }),
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
    this.setData({ name: detail.value });
    mend(this, "name");
    this.keepName();
  },

  /** @param {WechatMiniprogram.Input} event */
  onBirthYear({ detail }) {
    this.setData({ birthYear: halfWidth(detail.value) });
    mend(this, "birth_year");
    this.keepName();
  },

  keepName() {
    const { name, birthYear } = this.data;
    nameDraft.keep({ name, birthYear });
  },

  /** @param {WechatMiniprogram.Input} event */
  onPhone({ detail }) {
    this.setData({ phone: detail.value });
    mend(this, "phone");
    phoneDraft.keep({ phone: detail.value });
  },

  onAgree() {
    this.setData({ agreed: !this.data.agreed });
    mend(this, "agree");
  },

  /** WeChat is asked for the number only once that is agreed to. */
  onUnagreed() {
    refuse(this, { agree: UNAGREED }, BY_WECHAT);
  },

  onType() {
    if (!this.data.agreed) {
      this.onUnagreed();
      return;
    }
    this.setData({ typing: true });
  },

  onSaveName() {
    const { name, birthYear } = this.data;
    if (birthYear && !/^\d{4}$/.test(birthYear)) {
      refuse(this, { birth_year: "请写四位数的年份，例如 1953" }, NAME);
      return;
    }
    const body = { name: name.trim() || null, ...(birthYear && { birth_year: Number(birthYear) }) };
    this.save(NAME, async () => {
      await changeMe(body);
      nameDraft.forget();
    }, "已保存");
  },

  /** @param {WechatMiniprogram.ButtonGetPhoneNumber} event */
  onWeChatPhone({ detail }) {
    if (!detail.code) {
      this.setData({ typing: true });
      return;
    }
    this.bind(BY_WECHAT, { code: detail.code });
  },

  onTypedPhone() {
    const phone = mobileOf(this.data.phone);
    const faults = {
      ...(!this.data.agreed && { agree: UNAGREED }),
      ...(!phone && { phone: "请填写 11 位手机号" }),
    };
    if (Object.keys(faults).length) {
      refuse(this, faults, TYPED);
      return;
    }
    this.bind(TYPED, { phone });
  },

  /**
   * @param {string} by the button
   * @param {{code: string} | {phone: string}} body
   */
  bind(by, body) {
    this.save(by, async () => {
      if (this.missing) await giveConsent(this.missing.purpose, this.missing.version);
      await bindPhone(body);
      phoneDraft.forget();
      this.setData({ phone: "", typing: false });
    }, "手机号已保存");
  },

  /**
   * @param {string} by the button
   * @param {() => Promise<unknown>} send
   * @param {string} words
   */
  async save(by, send, words) {
    if (this.data.busy) return;
    this.setData({ busy: true, refusal: NO_REFUSAL });
    try {
      await send();
      wx.showToast({ title: words, icon: "none" });
      await this.load();
    } catch (error) {
      refuse(this, error, by);
    } finally {
      this.setData({ busy: false });
    }
  },
});
