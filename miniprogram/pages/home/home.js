// @ts-check
// What is my next thing, where is the next market, what else is near. Three requests at most, and
// no login: one, and what is mine only where somebody is logged in already. The elder mode has the
// list only: seven days in a row are too small to tap there.

const { listActivities } = require("../../api/activities");
const { sentenceOf } = require("../../api/errors");
const { changeMe } = require("../../api/me");
const session = require("../../api/session");
const { activityWords } = require("../../utils/activity-words");
const { activeBookings, bookingWords, endedBookings, isOnTheSpot } = require("../../utils/booking-words");
const { monthAt, weeksOf } = require("../../utils/calendar");
const { chosenCommunity } = require("../../utils/community");
const look = require("../../utils/look");
const myNumbers = require("../../utils/my-numbers");
const { homeCard } = require("../../utils/share");
const { dayKey } = require("../../utils/time");

/** @typedef {ReturnType<typeof activityWords>} Activity */

const COMING = 30;
const IN_MONTH = 100;

Page({
  data: {
    look: look.current(),
    loading: true,
    /** Whether the activities of another place are being read. */
    listing: false,
    error: "",
    /** @type {ReturnType<typeof bookingWords> | null} */
    mine: null,
    mineOnTheSpot: false,
    /** @type {Activity | null} */
    next: null,
    nextIsLive: false,
    /** @type {Activity[]} */
    coming: [],
    /** @type {import("../../utils/community").Community | null} */
    community: null,
    near: true,
    asCalendar: false,
    monthOffset: 0,
    monthTitle: "",
    /** @type {import("../../utils/calendar").Week[]} */
    weeks: [],
    monthLoading: false,
    monthError: "",
    chosenDay: "",
    /** @type {Activity[]} */
    ofDay: [],
  },

  /** @type {import("../../api/types").ActivityItem[]} */
  ofMonth: [],
  /** Counts what was asked, of the list and of the month: only the last answer is shown. */
  turn: 0,
  monthTurn: 0,
  /** @type {(() => void) | undefined} */
  unfollow: undefined,

  onShow() {
    look.apply(this);
    myNumbers.badgeTabs();
    // The markets are shown whether or not mine can be read; what is shown of mine stays.
    this.unfollow = myNumbers.follow({ onChange: (bookings) => this.showMine(bookings) });
    const before = this.regionId();
    this.setData({ community: chosenCommunity() });
    if (this.regionId() !== before) this.forgetPlace();
    this.load();
    if (this.data.asCalendar) this.loadMonth();
  },

  onHide() {
    this.unfollow?.();
  },

  onUnload() {
    this.unfollow?.();
  },

  async onPullDownRefresh() {
    await this.load();
    wx.stopPullDownRefresh();
  },

  async load() {
    this.turn += 1;
    const { turn } = this;
    try {
      const [activities] = await Promise.all([
        listActivities({ from: dayKey(Date.now()), region_id: this.regionId(), limit: COMING }),
        myNumbers.refresh(),
      ]);
      if (turn !== this.turn) return;
      this.showActivities(activities.items);
      this.setData({ loading: false, listing: false, error: "" });
    } catch (error) {
      if (turn !== this.turn) return;
      // What is shown already stays; the bar at the top says that the network is away.
      if (this.data.loading || this.data.listing || this.data.error) {
        this.setData({ loading: false, listing: false, error: sentenceOf(error) });
      }
    }
  },

  onRetry() {
    this.setData({ loading: true, error: "" });
    this.load();
  },

  regionId() {
    const { community, near } = this.data;
    return community && near ? community.subdistrict_id : undefined;
  },

  /** @param {import("../../api/types").ActivityItem[]} items */
  showActivities(items) {
    const open = items.filter(({ state }) => state === "live" || state === "published");
    const next = open.find(({ programme }) => programme === "market") || open[0];
    this.setData({
      next: next ? activityWords(next) : null,
      nextIsLive: next !== undefined && next.state === "live",
      coming: open.filter((item) => item !== next).map(activityWords),
    });
  },

  /**
   * What I am waiting for; else what has ended without me; else what comes next.
   * @param {import("../../api/types").Booking[]} bookings
   */
  showMine(bookings) {
    const [first] = activeBookings(bookings);
    const onTheSpot = first !== undefined && isOnTheSpot(first);
    const mine = onTheSpot ? first : endedBookings(bookings)[0] || first;
    this.setData({ mine: mine ? bookingWords(mine) : null, mineOnTheSpot: onTheSpot });
  },

  async loadMonth() {
    this.monthTurn += 1;
    const turn = this.monthTurn;
    const month = monthAt(this.data.monthOffset);
    this.setData({ monthTitle: month.title, monthError: "", monthLoading: !this.data.weeks.length });
    try {
      const { items } = await listActivities({
        from: month.first, to: month.last, region_id: this.regionId(), limit: IN_MONTH,
      });
      if (turn !== this.monthTurn) return;
      this.ofMonth = items.filter(({ state }) => state !== "cancelled");
      /** @type {Map<string, number>} */
      const counts = new Map();
      this.ofMonth.map(({ starts_at: start }) => dayKey(start)).forEach((day) => {
        counts.set(day, (counts.get(day) || 0) + 1);
      });
      this.setData({ weeks: weeksOf(month, counts), monthLoading: false });
      this.showDay(this.data.chosenDay);
    } catch (error) {
      if (turn === this.monthTurn) this.setData({ monthLoading: false, monthError: sentenceOf(error) });
    }
  },

  /** @param {string} day */
  showDay(day) {
    const ofDay = this.ofMonth.filter(({ starts_at: start }) => dayKey(start) === day);
    this.setData({ chosenDay: day, ofDay: ofDay.map(activityWords) });
  },

  onShowList() {
    this.setData({ asCalendar: false });
  },

  onShowCalendar() {
    this.setData({ asCalendar: true });
    this.loadMonth();
  },

  /** @param {WechatMiniprogram.CustomEvent<{by: number}>} event */
  onTurnMonth({ detail }) {
    this.setData({ monthOffset: this.data.monthOffset + detail.by });
    this.forgetMonth();
    this.loadMonth();
  },

  /** @param {WechatMiniprogram.CustomEvent<{value: string}>} event */
  onChooseDay({ detail }) {
    this.showDay(detail.value);
  },

  onNear() {
    this.setNear(true);
  },

  onEverywhere() {
    this.setNear(false);
  },

  /** @param {boolean} near */
  setNear(near) {
    if (near === this.data.near) return;
    this.setData({ near });
    this.forgetPlace();
    this.load();
    if (this.data.asCalendar) this.loadMonth();
  },

  /** What is shown is of another place: nothing of it stands for what is being read. */
  forgetPlace() {
    this.setData({ listing: true, next: null, coming: [] });
    this.forgetMonth();
  },

  forgetMonth() {
    this.ofMonth = [];
    this.setData({ weeks: [], chosenDay: "", ofDay: [] });
  },

  onElder() {
    const elder = !this.data.look.elder;
    look.setElder(elder);
    look.apply(this);
    // Kept for the person's other phones too; this phone does not wait for it.
    if (session.isLoggedIn()) {
      changeMe({ preferences: { elder_mode: elder } }).catch(() => undefined);
    }
  },

  onCommunity() {
    wx.navigateTo({ url: "/pages/community/community" });
  },

  onMine() {
    wx.switchTab({ url: "/pages/number/number" });
  },

  onNext() {
    if (this.data.next) wx.navigateTo({ url: `/pages/market/market?id=${this.data.next.id}` });
  },

  onWant() {
    wx.navigateTo({ url: "/packages/needs/pages/new/new" });
  },

  onScan() {
    wx.navigateTo({ url: "/pages/checkin/checkin" });
  },

  onShareAppMessage() {
    return homeCard();
  },
});
