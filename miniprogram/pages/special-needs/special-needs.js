// @ts-check
// What I need when I come, or what a family member does (?member=). It says something of people's
// health: kept only while that is agreed to, and nowhere on this phone, which others may be lent. So
// there is no draft: WeChat asks before what is not saved is left.

const { getCatalogue } = require("../../api/activities");
const { ApiError, sentenceOf } = require("../../api/errors");
const { changeFamilyMember, changeMe, getMe, giveConsent, listFamily } = require("../../api/me");
const look = require("../../utils/look");
const { NO_REFUSAL, comeBack, mend, refuse } = require("../../utils/refusal");

const PURPOSE = "special_needs";

/** @typedef {import("../../api/types").FamilyMember} FamilyMember */
/** @typedef {import("../../api/types").SpecialNeed} Tag */

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    /** Of a family member; empty for oneself. */
    name: "",
    /** @type {{key: Tag, title: string, on: boolean}[]} */
    tags: [],
    words: "",
    agreed: false,
    refusal: NO_REFUSAL,
    busy: false,
  },

  memberId: "",
  /** @type {{purpose: string, version: string} | undefined} the consent still to be given */
  missing: undefined,

  /** @param {{member?: string}} query */
  onLoad({ member = "" }) {
    this.memberId = member;
    this.load();
  },

  onShow() {
    look.apply(this);
    comeBack(this);
  },

  async load() {
    this.setData({ loading: true, error: "" });
    try {
      const [me, catalogue, member] = await Promise.all([
        getMe(), getCatalogue(), this.memberId ? findMember(this.memberId) : null,
      ]);
      const wanted = catalogue.consents.find(({ purpose }) => purpose === PURPOSE);
      const given = me.consents.find(({ purpose }) => purpose === PURPOSE);
      this.missing = wanted && given?.version === wanted.version ? undefined : wanted;
      const { special_needs: needs } = member || me;
      this.setData({
        name: member ? member.name : "",
        tags: catalogue.special_needs.map((tag) => ({ ...tag, on: needs?.tags.includes(tag.key) || false })),
        words: needs?.words || "",
        agreed: !this.missing,
        loading: false,
      });
    } catch (error) {
      this.setData({ loading: false, error: sentenceOf(error) });
    }
  },

  onAgree() {
    this.setData({ agreed: !this.data.agreed });
    mend(this, "agree");
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onTag(event) {
    const { index } = event.currentTarget.dataset;
    this.setData({ [`tags[${index}].on`]: !this.data.tags[index].on });
    mend(this);
    askBeforeLeaving();
  },

  /** @param {WechatMiniprogram.TextareaInput} event */
  onWords({ detail }) {
    this.setData({ words: detail.value });
    mend(this, "words");
    askBeforeLeaving();
  },

  async onSave() {
    if (this.data.busy) return;
    if (!this.data.agreed) {
      refuse(this, { agree: "请先勾选，表示您同意这样使用" });
      return;
    }
    this.setData({ busy: true, refusal: NO_REFUSAL });
    try {
      if (this.missing) await giveConsent(this.missing.purpose, this.missing.version);
      this.missing = undefined;
      await this.send();
      wx.disableAlertBeforeUnload();
      wx.showToast({ title: "已保存", icon: "success" });
    } catch (error) {
      refuse(this, error);
    } finally {
      this.setData({ busy: false });
    }
  },

  async send() {
    const { tags, words, name } = this.data;
    const needs = {
      tags: tags.filter(({ on }) => on).map(({ key }) => key),
      words: words.trim() || null,
    };
    if (this.memberId) await changeFamilyMember(this.memberId, { name, special_needs: needs });
    else await changeMe({ special_needs: needs });
  },
});

function askBeforeLeaving() {
  wx.enableAlertBeforeUnload({ message: "填的还没有保存，确定离开？" });
}

/**
 * @param {string} memberId
 * @returns {Promise<FamilyMember>}
 */
async function findMember(memberId) {
  const { items } = await listFamily();
  const member = items.find(({ id }) => id === memberId);
  if (!member) throw new ApiError({ code: "not_found", title: "没有找到这位家人，可能已经删除" });
  return member;
}
