// @ts-check
// 「我想要…」: a need is written down, those like it are shown, and it is handed in or joined.
// For a volunteer at a market (?source=market): what somebody without a phone asks for.

const { getCatalogue } = require("../../../../api/activities");
const { ApiError, sentenceOf } = require("../../../../api/errors");
const { listFamily } = require("../../../../api/me");
const session = require("../../../../api/session");
const { chosenCommunity } = require("../../../../utils/community");
const { draftOf } = require("../../../../utils/draft");
const { uuid } = require("../../../../utils/ids");
const look = require("../../../../utils/look");
const outbox = require("../../../../utils/outbox");
const { forgetPhoto } = require("../../../../utils/photo-files");
const { NO_REFUSAL, comeBack, mend, refuse } = require("../../../../utils/refusal");
const { NOBODY } = require("../../../../utils/whom");
const { listSimilar, raiseNeed, supportNeed } = require("../../api/needs");
const { MOST, choosePhotos, sendPhoto } = require("../../utils/need-photos");
const { FOR_WHOM, SUITS, dueOf, needOf, needWords, restOf } = require("../../utils/need-words");

/** @typedef {import("../../utils/need-words").ForWhom} ForWhom */
/** @typedef {import("../../utils/need-words").Suits} Suits */
/** @typedef {import("../../utils/need-words").Kind | ""} Kind */
/** @typedef {import("../../utils/need-photos").Photo} Photo */
/** @typedef {import("../../../../utils/community").Community} Community */
/** @typedef {{kind: Kind, words: string, forWhom: ForWhom, suits: Suits[], residentId: string, photos: Photo[], community: Community | null}} Said */

/** What a volunteer writes down at a market. @type {{source: "market", for_whom: null}} */
const FOR_OTHER = { source: "market", for_whom: null };

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    /** @type {Community | null} */
    community: null,
    /** Whether it was chosen for the one before, at a market. */
    sameAsLast: false,
    /** @type {{key: string, title: string}[]} */
    kinds: [],
    /** @type {Kind} */
    kind: "",
    words: "",
    forWhoms: FOR_WHOM,
    /** @type {ForWhom} */
    forWhom: "self",
    /** @type {import("../../../../api/types").FamilyMember[]} */
    family: [],
    /** Which of them, where it is for one. */
    residentId: NOBODY,
    /** Those that the server does not have yet. @type {Photo[]} */
    photos: [],
    photosMost: MOST,
    suits: SUITS.map((one) => ({ ...one, on: false })),
    begun: false,
    /** Whether it is written down for somebody else, whom nobody names. */
    forOther: false,
    /** Those like it; null before they were looked for. @type {(ReturnType<typeof needWords> & {details: string})[] | null} */
    alike: null,
    /** The one of them that it is, of whom a volunteer writes for. @type {ReturnType<typeof needWords> | null} */
    known: null,
    /** What has become of it: "raised", "joined", "known" to be there, or "kept" for the network; empty before. */
    done: "",
    /** The day by which it is answered. */
    due: "",
    busy: false,
    refusal: NO_REFUSAL,
  },

  /** @type {ReturnType<typeof draftOf<Said>>} */
  draft: draftOf("need"),
  /** One for what is written, kept over a lost network. */
  key: "",
  /** Of a voice that waits for the network. */
  voiceKey: "",
  /** The need that is there already, which photos go to. */
  needId: "",
  /** Stops following what is handed in late. */
  unfollow: () => {},

  onLoad({ source }) {
    if (source === "market") {
      this.setData({ forOther: true });
      this.draft = draftOf("need:market");
      wx.setNavigationBarTitle({ title: "替人记一条需求" });
    }
    const begun = this.draft.get();
    if (begun) {
      const suits = SUITS.map((one) => ({ ...one, on: begun.suits.includes(one.key) }));
      const { kind, words, forWhom, residentId = NOBODY, photos = [], community = null } = begun;
      this.setData({ kind, words, forWhom, residentId, photos, community, suits, begun: true });
    }
    const stops = [outbox.followDelivered((late) => late && this.onSent(late)), outbox.follow(() => this.showRefused())];
    this.unfollow = () => stops.forEach((stop) => stop());
    this.load();
  },

  onShow() {
    look.apply(this);
    comeBack(this, "words");
    if (!this.data.forOther) this.setData({ community: chosenCommunity() });
  },

  onUnload() {
    this.unfollow();
  },

  async load() {
    this.setData({ loading: true, error: "" });
    // Who has no family, or no network, asks for themselves.
    if (session.isLoggedIn() && !this.data.forOther) listFamily().then(({ items }) => this.setData({ family: items }), () => undefined);
    try {
      this.setData({ kinds: (await getCatalogue()).service_kinds, loading: false });
    } catch (error) {
      this.setData({ loading: false, error: sentenceOf(error) });
    }
  },

  onCommunity() {
    if (!this.data.forOther) {
      wx.navigateTo({ url: "/pages/community/community" });
      return;
    }
    /** Nobody's on this phone. @param {Community} community */
    const chosen = (community) => this.change({ community, sameAsLast: false });
    wx.navigateTo({ url: "/pages/community/community?whose=other", events: { chosen } });
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onKind(event) {
    const { key } = event.currentTarget.dataset;
    this.change({ kind: key === this.data.kind ? "" : key });
  },

  /** @param {WechatMiniprogram.TextareaInput} event */
  onWords({ detail }) {
    this.change({ words: detail.value });
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onForWhom(event) {
    this.change({ forWhom: event.currentTarget.dataset.key });
  },

  /** @param {WechatMiniprogram.CustomEvent<{value: string}>} event */
  onMember({ detail }) {
    this.change({ residentId: detail.value });
    mend(this, "who");
  },

  async onAddPhotos() {
    try {
      const added = await choosePhotos(MOST - this.data.photos.length);
      this.change({ photos: [...this.data.photos, ...added] });
    } catch (error) {
      refuse(this, error);
    }
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onDropPhoto(event) {
    const { id, path } = event.currentTarget.dataset;
    forgetPhoto(path);
    this.change({ photos: this.data.photos.filter((one) => one.id !== id) });
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onSuits(event) {
    const { key } = event.currentTarget.dataset;
    this.change({ suits: this.data.suits.map((one) => (one.key === key ? { ...one, on: !one.on } : one)) });
  },

  /** @param {Partial<{kind: Kind, words: string, forWhom: ForWhom, suits: {key: Suits, title: string, on: boolean}[], residentId: string, photos: Photo[], community: Community, sameAsLast: boolean}>} changed */
  change(changed) {
    this.setData(changed);
    this.key = "";
    mend(this, "words" in changed ? "words" : "");
    const { words, kind, photos } = this.data;
    // Who has only chosen for whom has begun nothing.
    if (words || kind || photos.length) this.draft.keep(this.said());
    else this.draft.forget();
  },

  /** @returns {Said} */
  said() {
    const { kind, words, forWhom, suits, residentId, photos, community } = this.data;
    return { kind, words, forWhom, residentId, photos, community, suits: suits.filter(({ on }) => on).map(({ key }) => key) };
  },

  /** @returns {import("../../../../api/types").NewNeed | null} null where something is missing: all of it is told */
  whole() {
    const { community, words, residentId, forOther } = this.data;
    const isMemberMissing = this.isForMember() && residentId === NOBODY;
    if (community && words.trim() && !isMemberMissing) {
      return { ...needOf(this.said(), community.id), ...this.whom(), ...(forOther && FOR_OTHER) };
    }
    refuse(this, {
      ...(!words.trim() && { words: "请写一下想要什么" }),
      ...(isMemberMissing && { who: "请选一下是哪位家人" }),
      ...(!community && { region_id: "请选社区" }),
    });
    return null;
  },

  /** Whether it is for one of the family that this account acts for. */
  isForMember() {
    const { forOther, forWhom, family } = this.data;
    return !forOther && forWhom === "family" && family.length > 0;
  },

  /** @returns {{resident_id?: string}} */
  whom() {
    return this.isForMember() ? { resident_id: this.data.residentId } : {};
  },

  /** Look for those like it first; where there are none it is handed in. */
  async onNext() {
    const need = this.whole();
    if (need) await this.doing(() => this.lookFirst(need));
  },

  /** @param {import("../../../../api/types").NewNeed} need */
  async lookFirst(need) {
    const alike = await listSimilar(need);
    if (!alike.length) {
      await this.raise(need);
      return;
    }
    this.setData({ alike: alike.map((one) => ({ ...needWords(one), details: restOf(one) })) });
    wx.pageScrollTo({ scrollTop: 0, duration: 0 });
  },

  /** 「都不是，提交我的」. */
  async onRaise() {
    const need = this.whole();
    if (need) await this.doing(() => this.raise(need));
  },

  /** @param {import("../../../../api/types").NewNeed} need */
  async raise(need) {
    this.key = this.key || uuid();
    const outcome = await raiseNeed(need, this.key);
    if (!outcome.sent) {
      this.finish("kept");
      return;
    }
    this.setData({ due: dueOf(outcome.data) });
    this.finish("raised");
    this.needId = outcome.data.id;
    await this.sendPhotos();
  },

  /** What was kept is there now: its photos follow it. @param {{key: string, data: any}} sent */
  onSent({ key, data }) {
    if (this.voiceKey && key === this.voiceKey) this.setData({ done: "joined" });
    if (!this.key || key !== this.key) return;
    this.setData({ done: "raised", due: dueOf(data) });
    this.needId = data.id;
    this.doing(() => this.sendPhotos());
  },

  /** What was kept was not taken: it stands here again, with what is wrong with it. */
  showRefused() {
    const key = this.voiceKey || this.key;
    const late = this.data.done === "kept" && outbox.refused().find((one) => one.key === key);
    if (!late) return;
    outbox.dismiss(late.key);
    this.key = "";
    this.voiceKey = "";
    this.setData({ done: "" });
    this.draft.keep(this.said());
    this.tell(new ApiError({ ...late.problem, title: late.refused }));
  },

  onSendPhotos() {
    return this.doing(() => this.sendPhotos());
  },

  /** One that does not arrive stays on the page, to be sent again. */
  async sendPhotos() {
    for (const photo of [...this.data.photos]) {
      await sendPhoto(this.needId, photo);
      this.setData({ photos: this.data.photos.filter(({ id }) => id !== photo.id) });
    }
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  async onSupport(event) {
    const need = this.alikeOf(event);
    if (!need) return;
    await this.doing(async () => {
      const outcome = await supportNeed(need, this.whom());
      this.voiceKey = outcome.sent ? "" : outcome.key;
      this.finish(outcome.sent ? "joined" : "kept");
    });
  },

  /** Nobody joins for others: a volunteer tells them that it is there. @param {WechatMiniprogram.TouchEvent} event */
  onKnown(event) {
    this.setData({ known: this.alikeOf(event) || null });
    this.finish("known");
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  alikeOf(event) {
    return (this.data.alike || []).find(({ id }) => id === event.currentTarget.dataset.id);
  },

  onBack() {
    this.setData({ alike: null, refusal: NO_REFUSAL });
  },

  /** @param {() => Promise<void>} act */
  async doing(act) {
    if (this.data.busy) return;
    this.setData({ busy: true, refusal: NO_REFUSAL });
    try {
      await act();
    } catch (error) {
      this.tell(error);
    } finally {
      this.setData({ busy: false });
    }
  },

  /**
   * What is wrong with the words is said at the field that they were written in.
   * @param {unknown} error
   */
  tell(error) {
    const { title, details } = error instanceof ApiError ? error.errors || {} : {};
    const [fault] = title || details || [];
    if (fault) this.setData({ alike: null });
    refuse(this, fault ? { words: fault } : error);
  },

  /** @param {"raised" | "joined" | "known" | "kept"} done */
  finish(done) {
    this.draft.forget();
    this.setData({ done, alike: null });
  },

  onAgain() {
    const suits = this.data.suits.map((one) => ({ ...one, on: false }));
    this.setData({ kind: "", words: "", suits, photos: [], done: "", begun: false, sameAsLast: true });
    this.key = "";
  },

  onMine() {
    wx.redirectTo({ url: "/packages/needs/pages/mine/mine" });
  },
});
