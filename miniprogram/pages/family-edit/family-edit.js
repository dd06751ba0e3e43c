// @ts-check
// Add a family member, or change or remove one (?id=).

const { getCatalogue } = require("../../api/activities");
const { ApiError, sentenceOf } = require("../../api/errors");
const {
  addFamilyMember, changeFamilyMember, getMe, giveConsent, listFamily, removeFamilyMember,
} = require("../../api/me");
const { uuid } = require("../../utils/ids");
const { draftOf } = require("../../utils/draft");
const look = require("../../utils/look");
const { halfWidth, mobileOf } = require("../../utils/phone-number");
const { NO_REFUSAL, comeBack, mend, refuse } = require("../../utils/refusal");
const { dayKey } = require("../../utils/time");

/** Under this age the guardian agrees on the child's behalf, apart from everything else. */
const GUARDIAN_AGE = 14;
const GUARDIAN = "guardian";
const RELATIONS = ["爸爸", "妈妈", "爷爷", "奶奶", "外公", "外婆", "爱人", "孩子", "孙子", "孙女", "其他"];

/** @typedef {{name: string, relation: string, birthYear: string, phone: string}} Draft */

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
    /** Whether what is shown was begun before and not saved. */
    begun: false,
    refusal: NO_REFUSAL,
    busy: false,
  },

  /** What was pressed last, with its key: pressing the same again is the same action. */
  pressed: { what: "", key: "" },
  /** @type {ReturnType<typeof draftOf<Draft>> | undefined} */
  draft: undefined,

  /** @param {{id?: string}} query */
  onLoad({ id = "" }) {
    this.draft = draftOf(`family:${id || "new"}`);
    if (!id) {
      this.resume();
      return;
    }
    this.setData({ id, loading: true });
    wx.setNavigationBarTitle({ title: "修改家人信息" });
    this.load();
  },

  onShow() {
    look.apply(this);
    comeBack(this);
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
      this.resume();
    } catch (error) {
      this.setData({ loading: false, error: sentenceOf(error) });
    }
  },

  /** Go on with what was begun and not saved. */
  resume() {
    const begun = this.draft?.get();
    if (begun) this.setData({ ...begun, isChild: isChild(begun.birthYear), begun: true });
  },

  keep() {
    const { name, relation, birthYear, phone } = this.data;
    this.draft?.keep({ name, relation, birthYear, phone });
  },

  /** @param {WechatMiniprogram.Input} event */
  onName({ detail }) {
    this.setData({ name: detail.value });
    mend(this, "name");
    this.keep();
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onRelation(event) {
    this.setData({ relation: event.currentTarget.dataset.relation });
    this.keep();
  },

  /** @param {WechatMiniprogram.Input} event */
  onBirthYear({ detail }) {
    const birthYear = halfWidth(detail.value);
    this.setData({ birthYear, isChild: isChild(birthYear) });
    mend(this, "birth_year");
    this.keep();
  },

  /** @param {WechatMiniprogram.Input} event */
  onPhone({ detail }) {
    this.setData({ phone: detail.value });
    mend(this, "phone");
    this.keep();
  },

  onGuardian() {
    this.setData({ guardianAgreed: !this.data.guardianAgreed });
    mend(this, "guardian");
  },

  async onSave() {
    if (this.data.busy) return;
    const faults = this.check();
    if (Object.keys(faults).length) {
      refuse(this, faults);
      return;
    }
    this.setData({ busy: true, refusal: NO_REFUSAL });
    try {
      if (this.data.isChild) await giveGuardianConsent();
      const { id } = this.data;
      const form = this.form();
      await (id ? changeFamilyMember(id, form) : addFamilyMember(form, this.keyFor(JSON.stringify(form))));
      this.pressed = { what: "", key: "" };
      this.draft?.forget();
      wx.navigateBack();
    } catch (error) {
      this.explain(error);
    } finally {
      this.setData({ busy: false });
    }
  },

  onNeeds() {
    wx.navigateTo({ url: `/pages/special-needs/special-needs?member=${this.data.id}` });
  },

  check() {
    const { name, birthYear, phone, isChild: child, guardianAgreed } = this.data;
    /** @type {Record<string, string>} */
    const faults = {};
    if (!name.trim()) faults.name = "请写上称呼或姓名";
    if (birthYear && !/^\d{4}$/.test(birthYear)) faults.birth_year = "请写四位数的年份，例如 1953";
    if (phone.trim() && !mobileOf(phone)) faults.phone = "请填写 11 位手机号，没有可以不填";
    if (child && !guardianAgreed) faults.guardian = "请先勾选，表示您是监护人并同意";
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

  /**
   * The key of this action: the earlier one where its answer was lost, so that nobody is added
   * twice.
   * @param {string} what
   */
  keyFor(what) {
    if (this.pressed.what !== what) this.pressed = { what, key: uuid() };
    return this.pressed.key;
  },

  /** @param {unknown} error */
  explain(error) {
    if (!(error instanceof ApiError && error.transient)) this.pressed = { what: "", key: "" };
    refuse(this, error);
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
    if (!confirm || this.data.busy) return;
    this.setData({ busy: true, refusal: NO_REFUSAL });
    try {
      await removeFamilyMember(id);
      this.draft?.forget();
      wx.navigateBack();
    } catch (error) {
      refuse(this, error);
    } finally {
      this.setData({ busy: false });
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
