// @ts-check
// A walk-in number from the desk: for a resident who is found, or a guest who is written in.

const { ApiError, sentenceOf } = require("../../../../api/errors");
const { bringUp } = require("../../../../utils/bring-up");
const { uuid } = require("../../../../utils/ids");
const look = require("../../../../utils/look");
const { halfWidth, mobileOf } = require("../../../../utils/phone-number");
const { NO_REFUSAL, comeBack, mend, refuse } = require("../../../../utils/refusal");
const { clock, waitWords } = require("../../../../utils/time");
const { getDesk, giveNumber } = require("../../api/desk");
const { askedFor, findResidents, questionOf } = require("../../api/residents");
const { begunWith, guestDraft } = require("../../utils/guest-draft");
const { foundPeople, foundWords } = require("../../utils/person-words");
const { meantBy, questionWays, questionWords } = require("../../utils/scan-words");

/** @typedef {import("../../../../api/types").Desk["offerings"][number]} Offering */

/** The button that is not in the bar. */
const SEARCH = "search";

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    stall: "",
    /** @type {Offering[]} */
    offerings: [],
    offeringId: "",
    isGuest: false,
    words: "",
    searching: false,
    searched: false,
    /** @type {ReturnType<typeof foundWords>[]} */
    found: [],
    /** How many more fit than are listed. */
    more: 0,
    residentId: "",
    name: "",
    phone: "",
    birthYear: "",
    /** A service for the old asks for the year of birth; nobody else is asked. */
    asksYear: false,
    busy: false,
    refusal: NO_REFUSAL,
    /** @type {ReturnType<typeof givenWords> | null} */
    done: null,
    /** Who it may be, of those who are known. @type {import("../../utils/scan-words").Answer | null} */
    question: null,
    ways: /** @type {ReturnType<typeof questionWays>} */ ([]),
  },

  stallId: "",
  activityId: "",
  /** What was pressed last, with its key: pressing the same again is the same action. */
  pressed: { what: "", key: "" },
  /** @type {ReturnType<typeof guestDraft> | undefined} */
  draft: undefined,

  /** @param {{stall?: string}} query */
  onLoad({ stall = "" }) {
    this.stallId = stall;
    this.draft = guestDraft("ticket", stall);
    const begun = this.draft.get();
    if (begun) this.setData({ ...begun, isGuest: true });
    this.load();
  },

  onShow() {
    look.apply(this);
    comeBack(this);
  },

  async load() {
    this.setData({ loading: true, error: "" });
    try {
      const { activity, offerings, stall } = await getDesk(this.stallId);
      this.activityId = activity.id;
      this.setData({
        stall: `${stall.number} 号摊位 ${stall.name}`,
        offerings,
        offeringId: offerings.length ? offerings[0].id : "",
        loading: false,
      });
    } catch (error) {
      this.setData({ loading: false, error: sentenceOf(error) });
    }
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onOffering(event) {
    this.setData({ offeringId: event.currentTarget.dataset.id, asksYear: false, refusal: NO_REFUSAL });
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onKind(event) {
    const isGuest = event.currentTarget.dataset.guest;
    const { words, name, phone } = this.data;
    const begun = isGuest && !name && !phone && begunWith(words);
    this.setData({ isGuest, ...begun, refusal: NO_REFUSAL });
    if (begun) this.keep();
  },

  /** @param {WechatMiniprogram.Input} event */
  onWords({ detail }) {
    this.setData({ words: detail.value, searched: false, found: [], more: 0, residentId: "" });
    mend(this, "words");
  },

  /** @param {WechatMiniprogram.Input} event */
  onName({ detail }) {
    this.setData({ name: detail.value });
    mend(this, "name");
    this.keep();
  },

  /** @param {WechatMiniprogram.Input} event */
  onPhone({ detail }) {
    this.setData({ phone: detail.value });
    mend(this, "phone");
    this.keep();
  },

  keep() {
    const { name, phone } = this.data;
    this.draft?.keep({ name, phone });
  },

  /** @param {WechatMiniprogram.Input} event */
  onBirthYear({ detail }) {
    this.setData({ birthYear: halfWidth(detail.value) });
    mend(this, "birth_year");
  },

  async onSearch() {
    const words = this.data.words.trim();
    if (this.data.searching) return;
    if (!words) {
      refuse(this, { words: "请先填写手机号后四位、手机号或姓名" }, SEARCH);
      return;
    }
    this.setData({ searching: true, refusal: NO_REFUSAL });
    try {
      const { items, more } = await findResidents(this.activityId, askedFor(words));
      if (words !== this.data.words.trim()) return;
      this.setData({ found: foundPeople(items), more, searched: true, residentId: "" });
      bringUp("#found");
    } catch (error) {
      refuse(this, error, SEARCH);
    } finally {
      this.setData({ searching: false });
    }
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onResident(event) {
    this.setData({ residentId: event.currentTarget.dataset.id });
    mend(this, "words");
  },

  async onGive() {
    const whom = this.whom();
    if (this.data.busy) return;
    const faults = this.missing();
    if (!whom || Object.keys(faults).length) {
      refuse(this, faults);
      return;
    }
    if (await this.isHere()) await this.give(whom);
  },

  /** Who has signed out may have gone home: whether they stand here is asked. */
  async isHere() {
    const { isGuest, residentId, found } = this.data;
    const person = isGuest ? undefined : found.find(({ id }) => id === residentId);
    if (!person || !person.left_at) return true;
    const { confirm } = await wx.showModal({
      title: `${person.display_name} ${clock(person.left_at)} 已签退`,
      content: "请问清楚人是不是还在现场。还在才发号，人走了的号没有人来。",
      confirmText: "在，发号",
      cancelText: "不发",
    });
    return confirm;
  },

  /**
   * The volunteer has said who it is.
   * @param {WechatMiniprogram.CustomEvent<{key: string}>} event
   */
  async onWay({ detail: { key } }) {
    const whom = this.whom();
    if (whom && "guest" in whom) await this.give(meantBy(key, whom.guest));
  },

  onUnasked() {
    this.setData({ question: null, ways: [] });
  },

  /** @param {Parameters<typeof giveNumber>[1]} whom */
  async give(whom) {
    if (this.data.busy) return;
    this.setData({ busy: true, refusal: NO_REFUSAL });
    try {
      const { offeringId } = this.data;
      const booking = await giveNumber(offeringId, whom, this.keyFor(JSON.stringify([offeringId, whom])));
      this.pressed = { what: "", key: "" };
      this.setData({ done: givenWords(booking), question: null, ways: [] });
      this.draft?.forget();
      bringUp("#done");
    } catch (error) {
      this.explain(error);
    } finally {
      this.setData({ busy: false });
    }
  },

  /**
   * What is still to be filled in, or filled in wrongly, by field.
   * @returns {Record<string, string>}
   */
  missing() {
    const { isGuest, residentId, name, phone } = this.data;
    if (!isGuest) return residentId ? {} : { words: "请先查找，再选中来的人" };
    return {
      ...(!name.trim() && { name: "请填写怎么称呼来宾" }),
      ...(phone.trim() && !mobileOf(phone) && { phone: "手机号是 11 位数字，没有可以不填" }),
    };
  },

  /** @returns {Parameters<typeof giveNumber>[1] | null} null while something is missing */
  whom() {
    const { isGuest, residentId, birthYear } = this.data;
    if (!isGuest) return residentId ? { resident_id: residentId } : null;
    const name = this.data.name.trim();
    const phone = mobileOf(this.data.phone);
    if (!name) return null;
    return {
      guest: { name, ...(phone && { phone }), ...(birthYear && { birth_year: Number(birthYear) }) },
    };
  },

  /**
   * The key of this action: the earlier one where its answer was lost, so that nobody gets two
   * numbers.
   * @param {string} what
   */
  keyFor(what) {
    if (this.pressed.what !== what) this.pressed = { what, key: uuid() };
    return this.pressed.key;
  },

  /** @param {unknown} error */
  explain(error) {
    const lost = error instanceof ApiError && error.transient;
    if (!lost) this.pressed = { what: "", key: "" };
    const asked = questionOf(error);
    if (asked) {
      const question = questionWords(asked, this.data.name.trim());
      this.setData({ question, ways: questionWays(asked) });
      return;
    }
    const code = error instanceof ApiError ? error.code : "";
    const asksYear = this.data.asksYear || (this.data.isGuest && code === "not_eligible");
    this.setData({ question: null, ways: [], asksYear });
    const words = refusalWords(error);
    if (code === "not_eligible" && asksYear) refuse(this, { birth_year: words });
    else refuse(this, code === "validation_failed" ? error : words);
  },

  onAgain() {
    this.setData({
      done: null, words: "", searched: false, found: [], more: 0, residentId: "",
      name: "", phone: "", birthYear: "", asksYear: false,
    });
  },

  onBack() {
    wx.navigateBack();
  },
});

/** @param {unknown} error */
function refusalWords(error) {
  const sentence = sentenceOf(error);
  if (!(error instanceof ApiError)) return sentence;
  if (error.transient) return `${sentence}。再点一次也不会重复发号`;
  // The server's sentence speaks to the resident.
  return error.code === "already_booked" ? "这位居民已经有这项服务的号" : sentence;
}

/** @param {import("../../../../api/types").Booking} booking */
function givenWords({ ticket, resident, offering_title: title, ahead, estimate_minutes: estimate }) {
  const line = ahead ? `前面还有 ${ahead} 位，${waitWords(estimate)}` : `下一位就叫 ${ticket}`;
  return { ticket, title, who: resident.display_name, line };
}
