// @ts-check
// Rate a service (?booking=), a visit (?activity=&resident=&title=), or change a rating (?rating=).

const { getBooking } = require("../../api/bookings");
const { ApiError, sentenceOf } = require("../../api/errors");
const { addRating, changeRating, getRatingForm, listMyRatings } = require("../../api/ratings");
const look = require("../../utils/look");
const outbox = require("../../utils/outbox");
const { momentWords } = require("../../utils/time");

/** @typedef {import("../../api/types").RatingForm} RatingForm */
/** @typedef {import("../../api/types").Rating} Rating */

const NEWEST = 100;

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
    refusal: "",
    busy: false,
    done: false,
    saved: false,
  },

  /** @type {{booking?: string, activity?: string, resident?: string, title?: string, rating?: string}} */
  query: {},
  /** Key of a rating that waits for the network. */
  waiting: "",
  /** @type {(() => void) | undefined} */
  unfollow: undefined,

  onLoad(query) {
    this.query = query;
    this.unfollow = outbox.followDelivered((late) => {
      if (late && late.key === this.waiting) this.setData({ saved: false });
    });
    this.load();
  },

  onUnload() {
    this.unfollow?.();
  },

  onShow() {
    look.apply(this);
  },

  async load() {
    this.setData({ loading: true, error: "" });
    try {
      const [form, subject] = await Promise.all([getRatingForm(), this.readSubject()]);
      const given = subject.rating;
      const tags = form.tags.map((tag) => ({ ...tag, on: given !== null && given.tags.includes(tag.key) }));
      this.setData({
        title: subject.title,
        market: subject.market,
        until: given ? momentWords(given.editable_until) : "",
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
    this.setData({ score: detail.value, refusal: "" });
  },

  /** @param {WechatMiniprogram.CustomEvent<{value: number}, {key: string}>} event */
  onItem({ detail, currentTarget }) {
    this.setData({ [`scores.${currentTarget.dataset.key}`]: detail.value });
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onTag(event) {
    const { index } = event.currentTarget.dataset;
    this.setData({ [`tags[${index}].on`]: !this.data.tags[index].on });
  },

  /** @param {WechatMiniprogram.TextareaInput} event */
  onComment({ detail }) {
    this.setData({ comment: detail.value });
  },

  async onSubmit() {
    if (this.data.busy) return;
    if (!this.data.score) {
      this.setData({ refusal: "请先点一个表情，告诉我们您的整体感受" });
      return;
    }
    this.setData({ busy: true, refusal: "" });
    try {
      const outcome = await this.send();
      this.waiting = outcome.sent ? "" : outcome.key;
      this.setData({ done: true, saved: !outcome.sent });
    } catch (error) {
      this.setData({ refusal: sentenceOf(error) });
    } finally {
      this.setData({ busy: false });
    }
  },

  send() {
    const { score, scores, tags, comment, title } = this.data;
    const chosen = tags.filter(({ on }) => on).map(({ key }) => key);
    const said = { score, items: scores, tags: chosen, comment: comment.trim() };
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
