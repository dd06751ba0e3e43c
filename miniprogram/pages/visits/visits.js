// @ts-check
// Where I and my family have been, newest first; a visit can be rated for some days.

const { listMyAttendances } = require("../../api/checkin");
const session = require("../../api/session");
const { whoWords } = require("../../utils/family-names");
const look = require("../../utils/look");
const { UNREAD, createList } = require("../../utils/paged-list");
const { readRated, visitKey } = require("../../utils/rated");
const serverTime = require("../../utils/server-time");
const { momentWords } = require("../../utils/time");

/** @typedef {import("../../api/types").Attendance} Attendance */

Page({
  data: {
    look: look.current(),
    ...UNREAD,
    /** @type {ReturnType<typeof visitWords>[]} */
    items: [],
  },

  /** @type {ReturnType<typeof createList<Attendance, string[]>> | undefined} */
  list: undefined,

  onLoad() {
    this.list = createList(this, {
      read: listMyAttendances,
      readBeside: readRated,
      show: (visits, rated) => this.setData({ items: visits.map((visit) => visitWords(visit, rated)) }),
    });
  },

  onShow() {
    look.apply(this);
    this.list?.refresh();
  },

  onReachBottom() {
    this.list?.more();
  },

  onRetry() {
    this.list?.retry();
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onRate(event) {
    const visit = this.data.items.find(({ id }) => id === event.currentTarget.dataset.id);
    if (!visit) return;
    const own = session.isMyself({ id: visit.residentId });
    const resident = own ? "" : `&resident=${visit.residentId}&who=${encodeURIComponent(visit.who)}`;
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
    who: whoWords(visit.resident),
    when: `${momentWords(visit.attended_at)} 签到`,
    canRate: serverTime.isBefore(visit.ratable_until) && !isRated,
  };
}
