// @ts-check
// Rate a service (?booking=), a visit (?activity=&resident=&title=&who=), or change a rating (?rating=).

const { getBooking } = require("../../api/bookings");
const { sentenceOf } = require("../../api/errors");
const { getMe } = require("../../api/me");
const { addPhoto, addRating, changeRating, getRating, getRatingForm } = require("../../api/ratings");
const session = require("../../api/session");
const { isCalledBack } = require("../../utils/complaint-words");
const { draftOf } = require("../../utils/draft");
const { whoWords } = require("../../utils/family-names");
const { uuid } = require("../../utils/ids");
const look = require("../../utils/look");
const outbox = require("../../utils/outbox");
const { contentOf } = require("../../utils/photo-files");
const { NO_REFUSAL, comeBack, mend, refuse } = require("../../utils/refusal");
const reminders = require("../../utils/reminders");
const { momentWords } = require("../../utils/time");

/** @typedef {import("../../api/types").RatingForm} RatingForm */
/** @typedef {import("../../api/types").Rating} Rating */
/** @typedef {import("../../api/ratings").Said} Said */

/** As the words for a bad rating in rate.wxml. */
const DISSATISFIED = 2;

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    title: "",
    market: "",
    /** Which family member's it was; empty for one's own. */
    who: "",
    until: "",
    /** @type {RatingForm["levels"]} */
    levels: [],
    /** @type {RatingForm["items"]} */
    items: [],
    /** @type {{key: string, title: string, negative: boolean, on: boolean}[]} */
    tags: [],
    commentLength: 0,
    editHours: 0,
    score: 0,
    /** @type {Record<string, number>} */
    scores: {},
    comment: "",
    /** Whether what is shown was begun before and not sent. */
    begun: false,
    /** Chosen on this page and not sent yet. @type {{id: string, path: string}[]} */
    photos: [],
    /** How many have been sent, and may be in all. */
    photosSent: 0,
    photosMost: 0,
    refusal: NO_REFUSAL,
    busy: false,
    /** The number that may be called back, masked; empty where none is proven, null while that is
     * not known. @type {string | null} */
    number: null,
    /** Whether they want that; null until they have said. @type {boolean | null} */
    mayCall: null,
    reminder: "",
    done: false,
    saved: false,
    /** Of a complaint that has arrived. */
    calledBack: false,
  },

  /** @type {{booking?: string, activity?: string, resident?: string, title?: string, who?: string, rating?: string}} */
  query: {},
  /** @type {ReturnType<typeof draftOf<Said>> | undefined} */
  draft: undefined,
  /** Key of a rating that waits for the network. */
  waiting: "",
  /** @type {(() => void) | undefined} */
  unfollow: undefined,

  onLoad(query) {
    this.query = query;
    const { booking, rating, activity, resident } = query;
    this.draft = draftOf(`rating:${booking || rating || [activity, resident].join(":")}`);
    this.unfollow = outbox.followDelivered((late) => {
      if (late && late.key === this.waiting) this.arrived(late.data);
    });
    this.load();
  },

  onUnload() {
    this.unfollow?.();
  },

  onShow() {
    look.apply(this);
    // Photos go out by themselves too, while the person is elsewhere.
    comeBack(this, "photos");
    this.readNumber();
  },

  async load() {
    this.setData({ loading: true, error: "" });
    try {
      const [form, subject] = await Promise.all([getRatingForm(), this.readSubject()]);
      const begun = this.draft?.get() || null;
      const given = begun || subject.rating;
      const score = given ? given.score : 0;
      const tags = form.tags.map((tag) => ({ ...tag, on: given !== null && given.tags.includes(tag.key) }));
      this.setData({
        title: subject.title,
        market: subject.market,
        who: subject.who,
        until: subject.rating ? momentWords(subject.rating.editable_until) : "",
        begun: begun !== null,
        levels: form.levels,
        items: form.items,
        tags: inOrder(tags, score),
        commentLength: form.comment_length,
        editHours: form.edit_hours,
        photosMost: form.photos,
        photosSent: subject.rating ? subject.rating.photos.length : 0,
        score,
        scores: given ? given.items : {},
        comment: (given && given.comment) || "",
        mayCall: given?.may_call ?? null,
        loading: false,
      });
      this.setData({ reminder: await reminders.offerWords(reminders.FOR_COMPLAINTS) });
    } catch (error) {
      this.setData({ loading: false, error: sentenceOf(error) });
    }
  },

  /**
   * What is rated, whose it was, and what has been said of it.
   * @returns {Promise<{title: string, market: string, who: string, rating: Rating | null}>}
   */
  async readSubject() {
    const { booking, rating: ratingId, title = "", who = "" } = this.query;
    if (booking) {
      const { offering_title: service, activity_title: market, resident } = await getBooking(booking);
      return { title: service, market, who: familyName(resident), rating: null };
    }
    if (!ratingId) {
      return { title: decodeURIComponent(title), market: "", who: decodeURIComponent(who), rating: null };
    }
    const rating = await getRating(ratingId);
    const whole = rating.activity_title;
    const market = rating.offering_title ? whole : "";
    return { title: rating.offering_title || whole, market, who: familyName(rating.resident), rating };
  },

  /** Only a number that is proven to be theirs is called. */
  async readNumber() {
    const me = session.knownUser() || (await getMe().catch(() => null));
    if (me) this.setData({ number: me.phone_state === "verified" ? me.phone || "" : "" });
  },

  /** @param {WechatMiniprogram.CustomEvent<{value: number}>} event */
  onScore({ detail }) {
    this.setData({ score: detail.value, tags: inOrder(this.data.tags, detail.value) });
    mend(this, "score");
    this.keep();
  },

  /** @param {WechatMiniprogram.CustomEvent<{value: number}, {key: string}>} event */
  onItem({ detail, currentTarget }) {
    this.setData({ [`scores.${currentTarget.dataset.key}`]: detail.value });
    this.keep();
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onTag(event) {
    const { index } = event.currentTarget.dataset;
    this.setData({ [`tags[${index}].on`]: !this.data.tags[index].on });
    this.keep();
  },

  /** @param {WechatMiniprogram.TextareaInput} event */
  onComment({ detail }) {
    this.setData({ comment: detail.value });
    this.keep();
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onMayCall(event) {
    this.setData({ mayCall: event.currentTarget.dataset.may });
    mend(this, "call");
    this.keep();
  },

  async onAddPhotos() {
    const { photos, photosMost, photosSent } = this.data;
    const count = photosMost - photosSent - photos.length;
    // Who goes back without a photo has chosen none.
    const chosen = await wx.chooseMedia({ count, mediaType: ["image"], sizeType: ["compressed"] }).catch(() => null);
    if (!chosen) return;
    const added = chosen.tempFiles.slice(0, count).map(({ tempFilePath }) => ({ id: uuid(), path: tempFilePath }));
    this.setData({ photos: [...photos, ...added] });
    mend(this, "photos");
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onDropPhoto(event) {
    this.setData({ photos: this.data.photos.filter(({ id }) => id !== event.currentTarget.dataset.id) });
    mend(this, "photos");
  },

  onProveNumber() {
    wx.navigateTo({ url: "/pages/phone/phone" });
  },

  keep() {
    this.draft?.keep(this.said());
  },

  /** @returns {Said} */
  said() {
    const { score, scores, tags, comment } = this.data;
    const chosen = tags.filter(({ on }) => on).map(({ key }) => key);
    return { score, items: scores, tags: chosen, comment: comment.trim(), ...this.mayCall() };
  },

  /**
   * Of a complaint whether we may call; what was said of that before stands where it is not asked.
   * @returns {{may_call?: boolean}}
   */
  mayCall() {
    const { score, number, mayCall } = this.data;
    if (score > DISSATISFIED || number === null) return {};
    if (number === "") return { may_call: false };
    return mayCall === null ? {} : { may_call: mayCall };
  },

  async onSubmit() {
    if (this.data.busy) return;
    if (!this.data.score) {
      refuse(this, { score: "请先点一个表情，告诉我们您的整体感受" });
      return;
    }
    const { score, number, mayCall } = this.data;
    if (score <= DISSATISFIED && number && mayCall === null) {
      refuse(this, { call: "请选一下，要不要我们打电话回访您" });
      return;
    }
    if (score <= DISSATISFIED) reminders.ask(reminders.FOR_COMPLAINTS);
    this.setData({ busy: true, refusal: NO_REFUSAL });
    try {
      const outcome = await this.send();
      this.draft?.forget();
      if (outcome.sent) {
        await this.arrived(outcome.data);
      } else {
        this.waiting = outcome.key;
        this.setData({ done: true, saved: true });
      }
    } catch (error) {
      refuse(this, error);
    } finally {
      this.setData({ busy: false });
    }
  },

  /**
   * The rating is there, now or late, and stays as it is said here: what comes after it only adds to
   * it. Photos that don't arrive bring the form back.
   * @param {Rating} rating
   */
  async arrived(rating) {
    this.waiting = "";
    this.query = { rating: rating.id };
    const fault = rating.score <= DISSATISFIED ? await this.sendPhotos() : "";
    this.setData({ done: !fault, saved: false, calledBack: isCalledBack(rating.may_call) });
    if (fault) refuse(this, { photos: fault });
  },

  /** @returns {Promise<string>} why one of them has not arrived; empty where all have */
  async sendPhotos() {
    const { rating = "" } = this.query;
    for (const { id, path } of [...this.data.photos]) {
      try {
        const { photos } = await addPhoto(rating, id, await contentOf(path));
        this.setData({ photos: this.data.photos.filter((one) => one.id !== id), photosSent: photos.length });
      } catch (error) {
        return `评价已收到。第 ${this.data.photosSent + 1} 张照片没传上：${sentenceOf(error)}`;
      }
    }
    return "";
  },

  send() {
    const { title } = this.data;
    const said = this.said();
    const { booking, activity, resident, rating } = this.query;
    if (rating) return changeRating(rating, title, said);
    if (booking) return addRating({ booking_id: booking }, title, said);
    const visit = { activity_id: activity || "", ...(resident && { resident_id: resident }) };
    return addRating(visit, title, said);
  },

  onDone() {
    wx.navigateBack({ fail: () => wx.switchTab({ url: "/pages/home/home" }) });
  },
});

/** @param {{id: string, display_name: string}} person */
function familyName(person) {
  return session.isMyself(person) ? "" : whoWords(person);
}

/**
 * The tags as they are offered: who is not satisfied reads first what may have been wrong.
 * @template {{negative: boolean}} Tag
 * @param {Tag[]} tags
 * @param {number} score
 */
function inOrder(tags, score) {
  const negativeFirst = score > 0 && score <= DISSATISFIED;
  return [...tags].sort((one, other) => Number(one.negative !== negativeFirst) - Number(other.negative !== negativeFirst));
}
