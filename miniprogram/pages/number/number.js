// @ts-check
// My number, live: the place in the line, a clear change when it is called; what has ended with its
// day; what comes later; what can be rated.

const { cancelBooking, keepBooking, parkBooking, rejoinBooking } = require("../../api/bookings");
const { ApiError, sentenceOf } = require("../../api/errors");
const { knowFamily } = require("../../api/me");
const session = require("../../api/session");
const {
  activeBookings, bookingWords, cancelQuestion, endedBookings, isOnTheSpot,
} = require("../../utils/booking-words");
const look = require("../../utils/look");
const myNumbers = require("../../utils/my-numbers");
const { haveNamesakes } = require("../../utils/name-words");
const outbox = require("../../utils/outbox");
const { NO_REFUSAL, comeBack, refuse } = require("../../utils/refusal");
const { readRated, serviceKey } = require("../../utils/rated");
const { dayKey } = require("../../utils/time");

/** @typedef {import("../../api/types").Booking} Booking */
/** @typedef {ReturnType<typeof bookingWords>} Words */

Page({
  data: {
    look: look.current(),
    loggedIn: true,
    loading: true,
    error: "",
    /** @type {Words[]} */
    now: [],
    /** @type {Words[]} */
    later: [],
    /** Numbers of a day that is over. @type {Words[]} */
    ended: [],
    /** @type {Words[]} */
    toRate: [],
    canScan: false,
    /** Whether the number that is called is on the screen: it is told once. */
    callInSight: false,
    busyId: "",
    refusal: NO_REFUSAL,
  },

  /** The number that was taken just now, on the page that led here. */
  first: "",

  /** Whether it is on the screen: what is answered later keeps no other page's light on. */
  shown: false,
  /** @type {(() => void)[]} */
  unfollow: [],
  /** Sees whether the called number is on the screen. @type {WechatMiniprogram.IntersectionObserver | undefined} */
  sight: undefined,
  /** Of which number. */
  watched: "",
  /** @type {Booking[]} */
  bookings: [],
  /** Keys of what has been rated. @type {string[]} */
  rated: [],

  onShow() {
    this.shown = true;
    look.apply(this);
    comeBack(this);
    this.first = myNumbers.takeFirst();
    if (this.first) wx.pageScrollTo({ scrollTop: 0, duration: 0 });
    myNumbers.badgeTabs();
    this.setData({ loggedIn: session.isLoggedIn() });
    if (this.data.loggedIn) this.begin();
  },

  onHide() {
    this.rest();
  },

  onUnload() {
    this.rest();
  },

  rest() {
    this.shown = false;
    this.unfollow.forEach((stop) => stop());
    this.watchCall("");
    wx.setKeepScreenOn({ keepScreenOn: false });
  },

  /** Read now, and again whenever something that had to wait has reached the server. */
  begin() {
    this.unfollow.forEach((stop) => stop());
    this.unfollow = !this.shown ? [] : [
      myNumbers.follow({
        onChange: (bookings) => this.take(bookings),
        onError: (error) => this.onReadError(error),
      }),
      outbox.followSent(() => myNumbers.refresh()),
    ];
    myNumbers.refresh();
    this.loadRated();
  },

  /** @param {Booking[]} bookings */
  take(bookings) {
    this.show(bookings);
    myNumbers.lookAtPassed();
    if (haveNamesakes(bookings)) knowFamily().then(() => this.show(this.bookings));
  },

  /** @param {unknown} error */
  onReadError(error) {
    if (this.data.loading) this.setData({ loading: false, error: sentenceOf(error) });
    // What is kept stays on the screen, but not beyond its day.
    else if (!this.data.error) this.show(this.bookings);
  },

  /** Which services are rated already; without the answer none is offered for rating. */
  async loadRated() {
    try {
      this.rated = await readRated();
      this.setData({ toRate: this.toRate() });
    } catch {
      this.rated = this.bookings.map(({ id }) => serviceKey(id));
    }
  },

  /** @param {Booking[]} bookings */
  show(bookings) {
    this.bookings = bookings;
    const active = activeBookings(bookings);
    const now = active.filter(isOnTheSpot).sort((one, other) => this.order(one) - this.order(other));
    const later = active.filter((booking) => !isOnTheSpot(booking));
    this.setData({
      loading: false,
      error: "",
      now: now.map(bookingWords),
      later: later.map(bookingWords),
      // Who has left, and who is expected today beside those who are here, is asked to scan too.
      canScan: now.some(({ left }) => left) ||
        later.some(({ service_on: day }) => !now.length || day <= dayKey(Date.now())),
      ended: endedBookings(bookings).map(bookingWords),
      toRate: this.toRate(),
    });
    if (!this.shown) return;
    wx.setKeepScreenOn({ keepScreenOn: now.length > 0 });
    this.watchCall(now.find(({ state }) => state === "called")?.id || "");
  },

  /** @param {string} id of the number that is called; empty for none */
  watchCall(id) {
    if (id === this.watched) return;
    this.watched = id;
    this.sight?.disconnect();
    if (!id) return;
    this.setData({ callInSight: true });
    this.sight = wx.createIntersectionObserver(this);
    this.sight.relativeToViewport().observe(".called .told", ({ intersectionRatio }) => {
      this.setData({ callInSight: intersectionRatio > 0 });
    });
  },

  /**
   * Who is called comes first of all, then the one that was taken just now.
   * @param {Booking} booking
   */
  order({ id, state }) {
    if (state === "called") return 0;
    return id === this.first ? 1 : 2;
  },

  toRate() {
    return this.bookings
      .map(bookingWords)
      .filter(({ id, canRate }) => canRate && !this.rated.includes(serviceKey(id)));
  },

  async onLogIn() {
    this.setData({ loggedIn: true, loading: true, error: "", refusal: NO_REFUSAL });
    try {
      await session.token();
      this.begin();
    } catch (error) {
      if (error instanceof ApiError && error.exhausted) {
        this.setData({ loading: false, error: sentenceOf(error) });
        return;
      }
      this.setData({ loggedIn: false });
      refuse(this, error);
    }
  },

  onRetry() {
    this.setData({ loading: true, error: "" });
    this.begin();
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  async onCancel(event) {
    const booking = this.bookingOf(event);
    if (!booking) return;
    const { confirm } = await wx.showModal(cancelQuestion(booking));
    if (confirm) await this.act(booking, () => this.cancel(booking));
  },

  /** @param {Booking} booking */
  async cancel(booking) {
    const { sent } = await cancelBooking(booking);
    if (!sent) this.sayItWaits("已为您保存，联网后自动取消");
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onKeep(event) {
    const booking = this.bookingOf(event);
    if (booking) this.act(booking, () => this.keep(booking));
  },

  /** @param {Booking} booking */
  async keep(booking) {
    const { sent } = await keepBooking(booking);
    if (sent) wx.showToast({ title: "好的，到时见", icon: "none" });
    else this.sayItWaits("已为您保存，联网后自动告诉我们");
  },

  /** @param {string} title */
  sayItWaits(title) {
    this.show(this.bookings);
    wx.showToast({ title, icon: "none" });
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onPark(event) {
    const booking = this.bookingOf(event);
    if (booking) this.act(booking, () => parkBooking(booking.id));
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onRejoin(event) {
    const booking = this.bookingOf(event);
    if (booking) this.act(booking, () => rejoinBooking(booking.id));
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  bookingOf(event) {
    return this.bookings.find(({ id }) => id === event.currentTarget.dataset.id);
  },

  /**
   * @param {Booking} booking
   * @param {() => Promise<unknown>} send
   */
  async act(booking, send) {
    if (this.data.busyId) return;
    this.setData({ busyId: booking.id, refusal: NO_REFUSAL });
    try {
      await send();
    } catch (error) {
      refuse(this, error, booking.id);
    } finally {
      this.setData({ busyId: "" });
      await myNumbers.refresh();
    }
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onMarket(event) {
    wx.navigateTo({ url: `/pages/market/market?id=${event.currentTarget.dataset.id}` });
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onRate(event) {
    wx.navigateTo({ url: `/pages/rate/rate?booking=${event.currentTarget.dataset.id}` });
  },

  onScan() {
    wx.navigateTo({ url: "/pages/checkin/checkin" });
  },

  onHome() {
    wx.switchTab({ url: "/pages/home/home" });
  },
});
