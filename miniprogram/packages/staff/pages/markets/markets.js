// @ts-check
// The activities that I run, today and in the coming days; opens one of them.

const { sentenceOf } = require("../../../../api/errors");
const { activityWords } = require("../../../../utils/activity-words");
const look = require("../../../../utils/look");
const { dayKey } = require("../../../../utils/time");
const { listMyWork } = require("../../../../utils/work");

/** @typedef {import("../../../../api/types").ActivityItem} ActivityItem */

const DAYS_AHEAD = 7;
const DAY_MS = 24 * 3600 * 1000;

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    /** @type {ReturnType<typeof marketWords>[]} */
    today: [],
    /** @type {ReturnType<typeof marketWords>[]} */
    coming: [],
  },

  onShow() {
    look.apply(this);
    this.load();
  },

  async onPullDownRefresh() {
    await this.load();
    wx.stopPullDownRefresh();
  },

  async load() {
    const now = Date.now();
    const days = { from: dayKey(now), to: dayKey(now + DAYS_AHEAD * DAY_MS) };
    try {
      const activities = await listMyWork(days, "organiser", "admin");
      /** @param {ActivityItem} activity */
      const isToday = ({ starts_at: start }) => dayKey(start) <= days.from;
      this.setData({
        today: activities.filter(isToday).map(marketWords),
        coming: activities.filter((activity) => !isToday(activity)).map(marketWords),
        loading: false,
        error: "",
      });
    } catch (error) {
      // What is shown already stays; the bar at the top says that the network is away.
      if (this.data.loading || this.data.error) {
        this.setData({ loading: false, error: sentenceOf(error) });
      }
    }
  },

  onRetry() {
    this.setData({ loading: true, error: "" });
    this.load();
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onMarket(event) {
    wx.navigateTo({ url: `/packages/staff/pages/market/market?id=${event.currentTarget.dataset.id}` });
  },
});

/** @param {ActivityItem} activity */
function marketWords(activity) {
  const words = activityWords(activity);
  return { ...words, badge: words.badge || { text: "还没开放", tone: "warn" } };
}
