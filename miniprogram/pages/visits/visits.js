// @ts-check
// Where I and my family have been, newest first; a visit can be rated for some days.

const { listMyAttendances } = require("../../api/checkin");
const { sentenceOf } = require("../../api/errors");
const session = require("../../api/session");
const look = require("../../utils/look");
const { nameWords } = require("../../utils/name-words");
const { createList } = require("../../utils/more");
const { readRated, visitKey } = require("../../utils/rated");
const serverTime = require("../../utils/server-time");
const { momentWords } = require("../../utils/time");

/** @typedef {import("../../api/types").Attendance} Attendance */

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    /** @type {ReturnType<typeof visitWords>[]} */
    items: [],
    hasMore: false,
  },

  /** @type {import("../../utils/more").List<Attendance> | undefined} */
  list: undefined,

  onLoad() {
    this.list = createList(listMyAttendances);
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

  /** @param {Promise<Attendance[]>} reading */
  async fill(reading) {
    try {
      const [visits, rated] = await Promise.all([reading, readRated()]);
      this.setData({
        items: visits.map((visit) => visitWords(visit, rated)),
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
  onRate(event) {
    const visit = this.data.items.find(({ id }) => id === event.currentTarget.dataset.id);
    if (!visit) return;
    const own = session.isMyself({ id: visit.residentId });
    const resident = own ? "" : `&resident=${visit.residentId}`;
    const title = encodeURIComponent(visit.title);
    wx.navigateTo({ url: `/pages/rate/rate?activity=${visit.activityId}${resident}&title=${title}` });
  },
});

/**
 * @param {Attendance} visit
 * @param {string[]} rated
 */
function visitWords(visit, rated) {
  const isRated = rated.includes(visitKey(visit.activity_id, visit.resident.id));
  return {
    id: visit.id,
    activityId: visit.activity_id,
    residentId: visit.resident.id,
    title: visit.activity_title,
    who: nameWords(visit.resident),
    when: `${momentWords(visit.attended_at)} 签到`,
    canRate: serverTime.isBefore(visit.ratable_until) && !isRated,
  };
}
