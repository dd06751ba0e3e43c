// @ts-check
// The ratings I gave, newest first; each can be changed for a while.

const { sentenceOf } = require("../../api/errors");
const { getRatingForm, listMyRatings } = require("../../api/ratings");
const look = require("../../utils/look");
const { nameWords } = require("../../utils/name-words");
const { createList } = require("../../utils/more");
const serverTime = require("../../utils/server-time");
const { momentWords } = require("../../utils/time");

/** @typedef {import("../../api/types").Rating} Rating */
/** @typedef {import("../../api/types").RatingForm} RatingForm */

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    /** @type {ReturnType<typeof ratingWords>[]} */
    items: [],
    hasMore: false,
  },

  /** @type {import("../../utils/more").List<Rating> | undefined} */
  list: undefined,
  /** @type {RatingForm | null} */
  form: null,

  onLoad() {
    this.list = createList(listMyRatings);
  },

  onShow() {
    look.apply(this);
    this.load();
  },

  async load() {
    if (this.list) await this.fill(this.list.first());
  },

  onReachBottom() {
    if (this.list && this.data.hasMore) this.fill(this.list.more());
  },

  /** @param {Promise<Rating[]>} reading */
  async fill(reading) {
    try {
      const [items, form] = await Promise.all([reading, this.form || getRatingForm()]);
      this.form = form;
      this.setData({
        items: items.map((rating) => ratingWords(rating, form)),
        hasMore: this.list?.hasMore() || false,
        loading: false,
        error: "",
      });
    } catch (error) {
      if (!this.data.items.length) this.setData({ loading: false, error: sentenceOf(error) });
    }
  },

  onRetry() {
    this.setData({ loading: true, error: "" });
    this.load();
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onChange(event) {
    wx.navigateTo({ url: `/pages/rate/rate?rating=${event.currentTarget.dataset.id}` });
  },
});

/**
 * @param {Rating} rating
 * @param {RatingForm} form
 */
function ratingWords(rating, form) {
  const level = form.levels.find(({ score }) => score === rating.score);
  const tags = form.tags.filter(({ key }) => rating.tags.includes(key)).map(({ title }) => title);
  return {
    id: rating.id,
    title: rating.offering_title || rating.activity_title,
    market: rating.offering_title ? rating.activity_title : "",
    who: nameWords(rating.resident),
    when: momentWords(rating.created_at),
    score: rating.score,
    level: level ? level.title : "",
    tags: tags.join("、"),
    comment: rating.comment || "",
    canChange: serverTime.isBefore(rating.editable_until),
  };
}
