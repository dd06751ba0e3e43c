// @ts-check
// One activity: when, where, which services have free places. Opens the sign-up of a service.

const { getActivity } = require("../../api/activities");
const { listMyBookings } = require("../../api/bookings");
const { listMyAttendances } = require("../../api/checkin");
const { sentenceOf } = require("../../api/errors");
const session = require("../../api/session");
const { activityWords } = require("../../utils/activity-words");
const { activeBookings } = require("../../utils/booking-words");
const look = require("../../utils/look");
const { whoWords } = require("../../utils/family-names");
const { availability, lineWords } = require("../../utils/offering-words");
const { marketCard, shared } = require("../../utils/share");
const { clock, dayKey } = require("../../utils/time");

/** @typedef {import("../../api/types").Activity} Activity */
/** @typedef {import("../../api/types").Booking} Booking */

const MINUTE_MS = 60 * 1000;
const NEWEST = 50;

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    /** @type {ReturnType<typeof activityWords> | null} */
    words: null,
    /** @type {Activity | null} */
    activity: null,
    /** @type {ReturnType<typeof stallWords>[]} */
    stalls: [],
    canCheckIn: false,
    /** Mine, today. @type {ReturnType<typeof visitWords> | null} */
    visit: null,
  },

  id: "",
  /** What it passes on. @type {import("../../utils/share").Shared | null} */
  shared: null,

  /** @param {{id?: string, scene?: string}} query */
  onLoad({ id = "", scene }) {
    if (scene) wx.redirectTo({ url: `/pages/checkin/checkin?scene=${scene}` });
    this.id = id;
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
    if (!this.id) return;
    try {
      const [activity, bookings, visit] = await Promise.all([
        getActivity(this.id), myBookings(this.id), myCheckIn(this.id),
      ]);
      this.shared = shared(activity);
      this.setData({
        activity,
        words: activityWords(activity),
        stalls: activity.stalls.map((stall) => stallWords(stall, activity, bookings)),
        canCheckIn: isCheckInOpen(activity),
        visit,
        loading: false,
        error: "",
      });
    } catch (error) {
      if (!this.data.activity) this.setData({ loading: false, error: sentenceOf(error) });
    }
  },

  onRetry() {
    this.setData({ loading: true, error: "" });
    this.load();
  },

  onMap() {
    const { activity } = this.data;
    if (!activity || activity.venue.latitude === null || activity.venue.longitude === null) return;
    const { latitude, longitude, name, address } = activity.venue;
    wx.openLocation({ latitude, longitude, name, address: address || "" });
  },

  onCall() {
    const phone = this.data.activity && this.data.activity.contact_phone;
    if (phone) wx.makePhoneCall({ phoneNumber: phone, fail: () => undefined });
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onOffering(event) {
    const { id, mine } = event.currentTarget.dataset;
    const whose = mine ? "&for=family" : "";
    wx.navigateTo({ url: `/pages/sign-up/sign-up?activity=${this.id}&offering=${id}${whose}` });
  },

  onNumber() {
    wx.switchTab({ url: "/pages/number/number" });
  },

  onCheckIn() {
    wx.navigateTo({ url: "/pages/checkin/checkin" });
  },

  onShareAppMessage() {
    return marketCard(this.id, this.shared);
  },

  onShareTimeline() {
    return marketCard(this.id, this.shared);
  },
});

/**
 * @param {import("../../api/types").Stall} stall
 * @param {Activity} activity
 * @param {Booking[]} bookings mine, that still lead somewhere
 */
function stallWords(stall, activity, bookings) {
  return {
    id: stall.id,
    number: stall.number,
    name: stall.name,
    by: [stall.organisation_name, stall.place].filter(Boolean).join(" · "),
    offerings: stall.offerings.map((offering) => {
      const held = bookings.filter(({ offering_id: id }) => id === offering.id);
      return {
        id: offering.id,
        title: offering.title,
        line: lineWords(offering),
        age: offering.min_age ? `${offering.min_age} 岁以上` : "",
        tickets: held.map((booking) => `${whoWords(booking.resident)} ${booking.ticket}`).join("、"),
        mine: held.some(({ resident }) => session.isMyself(resident)),
        ...availability(offering, activity.state),
      };
    }),
  };
}

/** @param {Activity} activity */
function isCheckInOpen(activity) {
  const opens = Date.parse(activity.starts_at) - activity.checkin_opens_minutes * MINUTE_MS;
  const now = Date.now();
  if (dayKey(now) > dayKey(activity.ends_at)) return false;
  return activity.state === "live" || (activity.state === "published" && now >= opens);
}

/**
 * Mine and my family's here; none where nobody is logged in. The page shows without them.
 * @param {string} activityId
 */
async function myBookings(activityId) {
  if (!session.isLoggedIn()) return [];
  try {
    const { items } = await listMyBookings({ limit: NEWEST });
    return activeBookings(items.filter(({ activity_id: id }) => id === activityId));
  } catch {
    return [];
  }
}

/** @param {import("../../api/types").Attendance} visit */
function visitWords({ attended_at: came, left_at: left }) {
  return left
    ? { here: false, tone: "plain", text: `您 ${clock(left)} 已签退` }
    : { here: true, tone: "good", text: `您 ${clock(came)} 已签到` };
}

/**
 * How I have come here today, and gone; null where I have not.
 * @param {string} activityId
 */
async function myCheckIn(activityId) {
  if (!session.isLoggedIn()) return null;
  try {
    const { items } = await listMyAttendances({ limit: NEWEST });
    const today = dayKey(Date.now());
    const visit = items.find(
      ({ activity_id: id, on_day: day, resident }) =>
        id === activityId && day === today && session.isMyself(resident),
    );
    return visit ? visitWords(visit) : null;
  } catch {
    return null;
  }
}
