// @ts-check
// My bookings and my family's by when they are: today's, those to come, those that are over. What has
// not begun can be cancelled.

const { cancelBooking, keepBooking, listMyBookings } = require("../../api/bookings");
const { bookingWords, cancelQuestion, groupOf } = require("../../utils/booking-words");
const look = require("../../utils/look");
const outbox = require("../../utils/outbox");
const { UNREAD, createList } = require("../../utils/paged-list");
const { addToCalendar, canAdd } = require("../../utils/phone-calendar");
const { NO_REFUSAL, comeBack, refuse } = require("../../utils/refusal");
const { readRated, serviceKey } = require("../../utils/rated");
const { bookingCard, homeCard } = require("../../utils/share");

/** @typedef {import("../../api/types").Booking} Booking */

/** In the order of the list. */
const GROUPS = ["今天", "以后", "过去"];

Page({
  data: {
    look: look.current(),
    ...UNREAD,
    /** Whether it was opened from 朋友圈, by somebody whose bookings these are not. */
    passedOn: false,
    /** @type {{title: string, items: ReturnType<typeof entryWords>[]}[]} */
    groups: [],
    hasCalendar: canAdd(),
    busyId: "",
    refusal: NO_REFUSAL,
  },

  /** @type {ReturnType<typeof createList<Booking, string[]>> | undefined} */
  list: undefined,
  /** @type {Booking[]} */
  bookings: [],
  /** Keys of what has been rated. @type {string[]} */
  rated: [],
  /** @type {(() => void) | undefined} */
  unfollow: undefined,

  /** @param {{activity?: string, offering?: string, home?: string}} query of one that was passed on */
  onLoad({ activity, offering, home }) {
    if (activity || home) {
      // Only the whole mini-program leads on; within 朋友圈 itself WeChat refuses, and offers to open it.
      this.setData({ passedOn: true });
      const fail = () => undefined;
      if (home) wx.switchTab({ url: "/pages/home/home", fail });
      else wx.redirectTo({ url: `/pages/sign-up/sign-up?activity=${activity}&offering=${offering}`, fail });
      return;
    }
    this.list = createList(this, {
      read: (query) => listMyBookings({ ...query, order: "when" }),
      readBeside: readRated,
      show: (bookings, rated) => {
        this.bookings = bookings;
        this.rated = rated;
        this.show();
      },
    });
    this.unfollow = outbox.followSent(() => this.list?.refresh());
  },

  onUnload() {
    this.unfollow?.();
  },

  onShow() {
    look.apply(this);
    comeBack(this);
    this.list?.refresh();
  },

  onReachBottom() {
    this.list?.more();
  },

  show() {
    this.setData({
      groups: GROUPS.map((title) => ({ title, items: this.entriesOf(title) }))
        .filter(({ items }) => items.length),
    });
  },

  /** @param {string} title of a group */
  entriesOf(title) {
    return this.bookings
      .filter((booking) => groupOf(booking) === title)
      .map((booking) => entryWords(booking, this.rated));
  },

  onRetry() {
    this.list?.retry();
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  async onCancel(event) {
    const booking = this.bookingBy(event.currentTarget);
    if (!booking || this.data.busyId) return;
    const { confirm } = await wx.showModal(cancelQuestion(booking));
    if (confirm) await this.act(booking, cancelBooking, { now: "已取消", later: "已为您保存，联网后自动取消" });
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  async onKeep(event) {
    const booking = this.bookingBy(event.currentTarget);
    if (!booking || this.data.busyId) return;
    await this.act(booking, keepBooking, { now: "好的，到时见", later: "已为您保存，联网后自动告诉我们" });
  },

  /**
   * @param {Booking} booking
   * @param {(booking: Booking) => Promise<{sent: boolean}>} send
   * @param {{now: string, later: string}} said when it is done, or has to wait for the network
   */
  async act(booking, send, said) {
    this.setData({ busyId: booking.id, refusal: NO_REFUSAL });
    try {
      const { sent } = await send(booking);
      wx.showToast({ title: sent ? said.now : said.later, icon: "none" });
      if (sent) await this.list?.refresh();
      else this.show();
    } catch (error) {
      refuse(this, error, booking.id);
      // It may be another time by now.
      await this.list?.refresh();
    } finally {
      this.setData({ busyId: "" });
    }
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  async onCalendar(event) {
    const booking = this.bookingBy(event.currentTarget);
    if (!booking) return;
    this.setData({ refusal: NO_REFUSAL });
    await addToCalendar(booking).catch((error) => refuse(this, error, booking.id));
  },

  /**
   * One of them by its button; of all together there is nothing to pass on but the way to markets.
   * @param {{target: {dataset: {id?: string}} | undefined}} from
   * @returns {WechatMiniprogram.Page.ICustomShareContent}
   */
  onShareAppMessage({ target }) {
    const booking = target && this.bookingBy(target);
    return booking ? bookingCard(booking) : homeCard();
  },

  /**
   * 朋友圈 opens this very page, which is nobody else's: it is told where to lead them.
   * @returns {WechatMiniprogram.Page.ICustomTimelineContent}
   */
  onShareTimeline() {
    const first = this.bookings.find((booking) => groupOf(booking) !== "过去");
    return first ? bookingCard(first) : { ...homeCard(), query: "home=1" };
  },

  /** @param {{dataset: {id?: string}}} node with the id of the booking that it is about */
  bookingBy({ dataset }) {
    return this.bookings.find(({ id }) => id === dataset.id);
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
