// @ts-check
// Check in somebody without a phone, in two fields; without a network it is kept and sent later.

const look = require("../../../../utils/look");
const { mobileOf } = require("../../../../utils/phone-number");
const { NO_REFUSAL, comeBack, mend, refuse } = require("../../../../utils/refusal");
const { awaitLate, checkIn, vibrate } = require("../../utils/check-in");
const { chosenMarket } = require("../../utils/chosen");
const { guestDraft } = require("../../utils/guest-draft");
const { meantBy, questionWays, questionWords, writtenWords } = require("../../utils/scan-words");
const { writtenBefore } = require("../../utils/written-in");

/** @typedef {import("../../utils/scan-words").Answer} Answer */

/** Answers that it is the one whom this phone has kept. */
const KEPT = "kept";

Page({
  data: {
    look: look.current(),
    /** @type {{id: string, title: string} | null} */
    market: null,
    name: "",
    phone: "",
    refusal: NO_REFUSAL,
    busy: false,
    /** @type {Answer | null} */
    answer: null,
    /** What the volunteer is asked: who it is, of those who are known with the number. */
    ways: /** @type {ReturnType<typeof questionWays>} */ ([]),
  },

  /** Stops waiting for what came of a check-in. @type {(() => void) | undefined} */
  stopWaiting: undefined,
  /** @type {ReturnType<typeof guestDraft> | undefined} */
  draft: undefined,

  onLoad() {
    const market = chosenMarket.get();
    this.draft = market ? guestDraft("write-in", market.id) : undefined;
    this.setData({ market, ...this.draft?.get() });
  },

  onUnload() {
    this.stopWaiting?.();
  },

  onShow() {
    look.apply(this);
    comeBack(this);
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

  async onCheckIn() {
    const { market, busy } = this.data;
    const name = this.data.name.trim();
    const phone = mobileOf(this.data.phone);
    if (!market || busy) return;
    const faults = {
      ...(!name && { name: "请填写怎么称呼" }),
      ...(this.data.phone.trim() && !phone && { phone: "手机号是 11 位数字，没有可以不填" }),
    };
    if (Object.keys(faults).length) {
      refuse(this, faults);
      return;
    }
    const whom = { guest: phone ? { name, phone } : { name } };
    const at = writtenBefore(market.id, whom);
    if (at) this.askAbout(at);
    else await this.send(whom);
  },

  /**
   * The phone has kept somebody of this name, and nobody else can ask.
   * @param {number} at when, in ms
   */
  askAbout(at) {
    const kept = { id: KEPT, display_name: "", checked_in_at: new Date(at).toISOString() };
    /** @type {import("../../api/residents").Question} */
    const question = { by: "name", people: [kept] };
    this.setData({ ways: questionWays(question) });
    this.show(questionWords(question, this.data.name.trim()));
  },

  /**
   * The volunteer has said who it is.
   * @param {WechatMiniprogram.CustomEvent<{key: string}>} event
   */
  async onWay({ detail: { key } }) {
    const name = this.data.name.trim();
    const phone = mobileOf(this.data.phone);
    if (key === KEPT) {
      this.setData({ ways: [] });
      this.show(writtenWords(name));
    } else {
      await this.send(meantBy(key, phone ? { name, phone } : { name }));
    }
  },

  /** @param {import("../../api/scans").Whom} whom */
  async send(whom) {
    const { market, busy } = this.data;
    if (!market || busy) return;
    this.setData({ busy: true, refusal: NO_REFUSAL });
    const who = this.data.name.trim();
    const { answer, question, kept } = await checkIn(market, whom, { who, direction: "entry" });
    this.setData({ busy: false, ways: questionWays(question) });
    this.show(answer);
    if (kept) this.stopWaiting = awaitLate(kept, (late) => this.show(late));
  },

  /** @param {Answer} answer */
  show(answer) {
    vibrate(answer.tone);
    this.setData({ answer });
    if (this.isDone()) this.draft?.forget();
  },

  isDone() {
    const { answer, ways } = this.data;
    return answer !== null && answer.tone !== "bad" && !ways.length;
  },

  /** What was refused can be mended; what is done makes room for the next person. */
  onNext() {
    this.stopWaiting?.();
    this.setData({ answer: null, ways: [], ...(this.isDone() && { name: "", phone: "" }) });
  },

  onBack() {
    wx.navigateBack();
  },
});
