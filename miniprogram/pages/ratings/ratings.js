// @ts-check
// The ratings I gave, newest first; each can be changed for a while.

const { getRatingForm, listMyRatings } = require("../../api/ratings");
const { whoWords } = require("../../utils/family-names");
const { stageWords } = require("../../utils/complaint-words");
const look = require("../../utils/look");
const { UNREAD, createList } = require("../../utils/paged-list");
const serverTime = require("../../utils/server-time");
const { momentWords } = require("../../utils/time");

/** @typedef {import("../../api/types").Rating} Rating */
/** @typedef {import("../../api/types").RatingForm} RatingForm */

Page({
  data: {
    look: look.current(),
    ...UNREAD,
    /** @type {ReturnType<typeof ratingWords>[]} */
    items: [],
  },

  /** @type {ReturnType<typeof createList<Rating, RatingForm>> | undefined} */
  list: undefined,
  /** @type {RatingForm | null} */
  form: null,

  onLoad() {
    this.list = createList(this, {
      read: listMyRatings,
      readBeside: () => this.readForm(),
      show: (ratings, form) => this.setData({ items: ratings.map((rating) => ratingWords(rating, form)) }),
    });
  },

  onShow() {
    look.apply(this);
    this.list?.refresh();
  },

  onReachBottom() {
    this.list?.more();
  },

  /** The same as long as this page is open. */
  async readForm() {
    this.form = this.form || (await getRatingForm());
    return this.form;
  },

  onRetry() {
    this.list?.retry();
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onChange(event) {
    wx.navigateTo({ url: `/pages/rate/rate?rating=${event.currentTarget.dataset.id}` });
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onComplaint(event) {
    wx.navigateTo({ url: `/pages/complaint/complaint?id=${event.currentTarget.dataset.id}` });
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
    who: whoWords(rating.resident),
    when: momentWords(rating.created_at),
    score: rating.score,
    level: level ? level.title : "",
    tags: tags.join("、"),
    comment: rating.comment || "",
    stage: rating.complaint ? stageWords(rating.complaint) : "",
    canChange: serverTime.isBefore(rating.editable_until),
  };
}
