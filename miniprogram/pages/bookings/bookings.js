// @ts-check
// My bookings and my family's by when they are: today's, those to come, those that are over. What has
// not begun can be cancelled.

const { cancelBooking, listMyBookings } = require("../../api/bookings");
const { sentenceOf } = require("../../api/errors");
const { bookingWords, cancelQuestion, groupOf } = require("../../utils/booking-words");
const look = require("../../utils/look");
const { createList } = require("../../utils/more");
const outbox = require("../../utils/outbox");
const { NO_REFUSAL, refuse } = require("../../utils/refusal");
const { readRated, serviceKey } = require("../../utils/rated");

/** @typedef {import("../../api/types").Booking} Booking */

/** In the order of the list. */
const GROUPS = ["今天", "以后", "过去"];

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    /** @type {{title: string, items: ReturnType<typeof entryWords>[]}[]} */
    groups: [],
    hasMore: false,
    busyId: "",
    refusal: NO_REFUSAL,
  },

  /** @type {import("../../utils/more").List<Booking> | undefined} */
  list: undefined,
  /** @type {Booking[]} */
  bookings: [],
  /** Keys of what has been rated. @type {string[]} */
  rated: [],
  /** @type {(() => void) | undefined} */
  unfollow: undefined,

  onLoad() {
    this.list = createList((query) => listMyBookings({ ...query, order: "when" }));
    this.unfollow = outbox.followSent(() => this.load());
  },

  onUnload() {
    this.unfollow?.();
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

  /** @param {Promise<Booking[]>} reading */
  async fill(reading) {
    try {
      [this.bookings, this.rated] = await Promise.all([reading, readRated()]);
      this.show();
    } catch (error) {
      if (!this.data.groups.length) this.setData({ loading: false, error: sentenceOf(error) });
    }
  },

  show() {
    this.setData({
      groups: GROUPS.map((title) => ({ title, items: this.entriesOf(title) }))
        .filter(({ items }) => items.length),
      hasMore: this.list?.hasMore() || false,
      loading: false,
      error: "",
    });
  },

  /** @param {string} title of a group */
  entriesOf(title) {
    return this.bookings
      .filter((booking) => groupOf(booking) === title)
      .map((booking) => entryWords(booking, this.rated));
  },

  onRetry() {
    this.setData({ loading: true, error: "" });
    this.load();
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  async onCancel(event) {
    const booking = this.bookings.find(({ id }) => id === event.currentTarget.dataset.id);
    if (!booking || this.data.busyId) return;
    const { confirm } = await wx.showModal(cancelQuestion(booking));
    if (!confirm) return;
    this.setData({ busyId: booking.id, refusal: NO_REFUSAL });
    try {
      const { sent } = await cancelBooking(booking);
      wx.showToast({ title: sent ? "已取消" : "已为您保存，联网后自动取消", icon: "none" });
      if (sent) await this.load();
      else this.show();
    } catch (error) {
      refuse(this, error, booking.id);
    } finally {
      this.setData({ busyId: "" });
    }
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onRate(event) {
    wx.navigateTo({ url: `/pages/rate/rate?booking=${event.currentTarget.dataset.id}` });
  },

  onHome() {
    wx.switchTab({ url: "/pages/home/home" });
  },
});

/**
 * @param {Booking} booking
 * @param {string[]} rated
 */
function entryWords(booking, rated) {
  const words = bookingWords(booking);
  return { ...words, canRate: words.canRate && !rated.includes(serviceKey(booking.id)) };
}
