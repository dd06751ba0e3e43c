// @ts-check
// Rate a service (?booking=), a visit (?activity=&resident=&title=), or change a rating (?rating=).

const { getBooking } = require("../../api/bookings");
const { ApiError, sentenceOf } = require("../../api/errors");
const { getMe } = require("../../api/me");
const { addRating, changeRating, getRatingForm, listMyRatings } = require("../../api/ratings");
const session = require("../../api/session");
const { draftOf } = require("../../utils/draft");
const look = require("../../utils/look");
const outbox = require("../../utils/outbox");
const { NO_REFUSAL, comeBack, mend, refuse } = require("../../utils/refusal");
const reminders = require("../../utils/reminders");
const { momentWords } = require("../../utils/time");

/** @typedef {import("../../api/types").RatingForm} RatingForm */
/** @typedef {import("../../api/types").Rating} Rating */
/** @typedef {import("../../api/ratings").Said} Said */

const NEWEST = 100;
/** As the words for a bad rating in rate.wxml. */
const DISSATISFIED = 2;

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    title: "",
    market: "",
    until: "",
    /** @type {RatingForm["levels"]} */
    levels: [],
    /** @type {RatingForm["items"]} */
    items: [],
    /** @type {{key: string, title: string, on: boolean}[]} */
    tags: [],
    commentLength: 0,
    editHours: 0,
    score: 0,
    /** @type {Record<string, number>} */
    scores: {},
    comment: "",
    /** Whether what is shown was begun before and not sent. */
    begun: false,
    refusal: NO_REFUSAL,
    busy: false,
    /** Whether there is a number for the call-back; empty while that is not known. */
    callBack: /** @type {"" | "yes" | "no"} */ (""),
    reminder: "",
    done: false,
    saved: false,
  },

  /** @type {{booking?: string, activity?: string, resident?: string, title?: string, rating?: string}} */
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
      if (late && late.key === this.waiting) this.thank();
    });
    this.load();
  },

  onUnload() {
    this.unfollow?.();
  },

  onShow() {
    look.apply(this);
    comeBack(this);
  },

  async load() {
    this.setData({ loading: true, error: "" });
    try {
      const [form, subject] = await Promise.all([getRatingForm(), this.readSubject()]);
      const begun = this.draft?.get() || null;
      const given = begun || subject.rating;
      const tags = form.tags.map((tag) => ({ ...tag, on: given !== null && given.tags.includes(tag.key) }));
      this.setData({
        title: subject.title,
        market: subject.market,
        until: subject.rating ? momentWords(subject.rating.editable_until) : "",
        begun: begun !== null,
        levels: form.levels,
        items: form.items,
        tags,
        commentLength: form.comment_length,
        editHours: form.edit_hours,
        score: given ? given.score : 0,
        scores: given ? given.items : {},
        comment: (given && given.comment) || "",
        loading: false,
      });
      this.setData({ reminder: await reminders.offerWords(reminders.FOR_COMPLAINTS) });
    } catch (error) {
      this.setData({ loading: false, error: sentenceOf(error) });
    }
  },

  /**
   * What is rated, and what has been said of it.
   * @returns {Promise<{title: string, market: string, rating: Rating | null}>}
   */
  async readSubject() {
    const { booking, rating: ratingId, title = "" } = this.query;
    if (booking) {
      const { offering_title: service, activity_title: market } = await getBooking(booking);
      return { title: service, market, rating: null };
    }
    if (!ratingId) return { title: decodeURIComponent(title), market: "", rating: null };
    const { items } = await listMyRatings({ limit: NEWEST });
    const rating = items.find(({ id }) => id === ratingId);
    if (!rating) throw new ApiError({ code: "not_found", title: "没有找到这条评价" });
    const whole = rating.activity_title;
    return { title: rating.offering_title || whole, market: rating.offering_title ? whole : "", rating };
  },

  /** @param {WechatMiniprogram.CustomEvent<{value: number}>} event */
  onScore({ detail }) {
    this.setData({ score: detail.value });
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

  keep() {
    this.draft?.keep(this.said());
  },

  /** @returns {Said} */
  said() {
    const { score, scores, tags, comment } = this.data;
    const chosen = tags.filter(({ on }) => on).map(({ key }) => key);
    return { score, items: scores, tags: chosen, comment: comment.trim() };
  },

  async onSubmit() {
    if (this.data.busy) return;
    if (!this.data.score) {
      refuse(this, { score: "请先点一个表情，告诉我们您的整体感受" });
      return;
    }
    if (this.data.score <= DISSATISFIED) reminders.ask(reminders.FOR_COMPLAINTS);
    this.setData({ busy: true, refusal: NO_REFUSAL });
    try {
      const outcome = await this.send();
      this.draft?.forget();
      this.waiting = outcome.sent ? "" : outcome.key;
      if (outcome.sent) this.thank();
      else this.setData({ done: true, saved: true });
    } catch (error) {
      refuse(this, error);
    } finally {
      this.setData({ busy: false });
    }
  },

  /** It has arrived. Who was not satisfied is told then whether we can call back. */
  async thank() {
    this.setData({ done: true, saved: false });
    if (this.data.score <= DISSATISFIED) this.setData({ callBack: await canCallBack() });
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

/**
 * Whether we have a number to call.
 * @returns {Promise<"" | "yes" | "no">} empty where that can't be read: nothing is said of it
 */
async function canCallBack() {
  const me = session.knownUser() || (await getMe().catch(() => null));
  if (!me) return "";
  return me.phone === null ? "no" : "yes";
}
