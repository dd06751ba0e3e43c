// @ts-check
// Add a family member, or change or remove one (?id=).

const { getCatalogue } = require("../../api/activities");
const { ApiError, sentenceOf } = require("../../api/errors");
const {
  addFamilyMember, changeFamilyMember, getMe, giveConsent, listFamily, removeFamilyMember,
} = require("../../api/me");
const { uuid } = require("../../utils/ids");
const look = require("../../utils/look");
const { mobileOf } = require("../../utils/phone-number");
const { dayKey } = require("../../utils/time");

/** Under this age the guardian agrees on the child's behalf, apart from everything else. */
const GUARDIAN_AGE = 14;
const GUARDIAN = "guardian";
const RELATIONS = ["爸爸", "妈妈", "爷爷", "奶奶", "外公", "外婆", "爱人", "孩子", "其他"];

Page({
  data: {
    look: look.current(),
    loading: false,
    error: "",
    id: "",
    name: "",
    relation: "",
    relations: RELATIONS,
    birthYear: "",
    phone: "",
    knownPhone: "",
    isChild: false,
    guardianAgreed: false,
    /** @type {Record<string, string>} */
    faults: {},
    busy: false,
  },

  key: uuid(),

  /** @param {{id?: string}} query */
  onLoad({ id = "" }) {
    if (!id) return;
    this.setData({ id, loading: true });
    wx.setNavigationBarTitle({ title: "修改家人信息" });
    this.load();
  },

  onShow() {
    look.apply(this);
  },

  async load() {
    this.setData({ loading: true, error: "" });
    try {
      const member = (await listFamily()).items.find(({ id }) => id === this.data.id);
      if (!member) {
        this.setData({ loading: false, error: "没有找到这位家人，可能已经删除" });
        return;
      }
      this.setData({
        loading: false,
        name: member.name,
        relation: member.relation || "",
        birthYear: member.birth_year ? String(member.birth_year) : "",
        knownPhone: member.phone || "",
      });
    } catch (error) {
      this.setData({ loading: false, error: sentenceOf(error) });
    }
  },

  /** @param {WechatMiniprogram.Input} event */
  onName({ detail }) {
    this.setData({ name: detail.value, "faults.name": "" });
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onRelation(event) {
    this.setData({ relation: event.currentTarget.dataset.relation });
  },

  /** @param {WechatMiniprogram.Input} event */
  onBirthYear({ detail }) {
    this.setData({
      birthYear: detail.value, isChild: isChild(detail.value), "faults.birth_year": "",
    });
  },

  /** @param {WechatMiniprogram.Input} event */
  onPhone({ detail }) {
    this.setData({ phone: detail.value, "faults.phone": "" });
  },

  onGuardian() {
    this.setData({ guardianAgreed: !this.data.guardianAgreed, "faults.guardian": "" });
  },

  async onSave() {
    if (this.data.busy) return;
    const faults = this.check();
    this.setData({ faults });
    if (Object.keys(faults).length) return;
    this.setData({ busy: true });
    try {
      if (this.data.isChild) await giveGuardianConsent();
      const { id } = this.data;
      await (id ? changeFamilyMember(id, this.form()) : addFamilyMember(this.form(), this.key));
      wx.navigateBack();
    } catch (error) {
      this.explain(error);
    } finally {
      this.setData({ busy: false });
    }
  },

  check() {
    const { name, birthYear, phone, isChild: child, guardianAgreed } = this.data;
    /** @type {Record<string, string>} */
    const faults = {};
    if (!name.trim()) faults.name = "请写上称呼或姓名";
    if (birthYear && !/^\d{4}$/.test(birthYear)) faults.birth_year = "请写四位数的年份,例如 1953";
    if (phone.trim() && !mobileOf(phone)) faults.phone = "请填写 11 位手机号，没有可以不填";
    if (child && !guardianAgreed) faults.guardian = "请先勾选同意";
    return faults;
  },

  form() {
    const { name, relation, birthYear } = this.data;
    const phone = mobileOf(this.data.phone);
    return {
      name: name.trim(),
      ...(relation && { relation }),
      ...(birthYear && { birth_year: Number(birthYear) }),
      ...(phone && { phone }),
    };
  },

  /** @param {unknown} error */
  explain(error) {
    // Another content is another action.
    if (!(error instanceof ApiError && error.transient)) this.key = uuid();
    const fields = error instanceof ApiError ? Object.entries(error.errors || {}) : [];
    this.setData({ faults: Object.fromEntries(fields.map(([field, words]) => [field, words[0]])) });
    wx.showToast({ title: sentenceOf(error), icon: "none" });
  },

  async onRemove() {
    const { id, name } = this.data;
    const { confirm } = await wx.showModal({
      title: `删除${name}？`,
      content: "这位家人的个人信息会被清除，没开始的报名会取消。",
      confirmText: "删除",
      cancelText: "保留",
      confirmColor: "#B42318",
    });
    if (!confirm) return;
    try {
      await removeFamilyMember(id);
      wx.navigateBack();
    } catch (error) {
      wx.showToast({ title: sentenceOf(error), icon: "none" });
    }
  },
});

/** @param {string} birthYear */
function isChild(birthYear) {
  const thisYear = Number(dayKey(Date.now()).slice(0, 4));
  return /^\d{4}$/.test(birthYear) && thisYear - Number(birthYear) <= GUARDIAN_AGE;
}

/** Kept once, in the version that the server asks for now. */
async function giveGuardianConsent() {
  const [me, { consents }] = await Promise.all([getMe(), getCatalogue()]);
  const wanted = consents.find(({ purpose }) => purpose === GUARDIAN);
  const given = me.consents.find(({ purpose }) => purpose === GUARDIAN);
  if (wanted && (!given || given.version !== wanted.version)) {
    await giveConsent(GUARDIAN, wanted.version);
  }
}
