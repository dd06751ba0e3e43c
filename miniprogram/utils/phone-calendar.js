// @ts-check
// A booking in the phone's own calendar, which reminds of it without WeChat.

const { getActivity } = require("../api/activities");
const { isMyself } = require("../api/session");
const { addressWords } = require("./activity-words");
const { sameTimeOn } = require("./time");

/** @typedef {import("../api/types").Booking} Booking */
/** @typedef {import("../api/types").Activity} Activity */

const DAY_MS = 24 * 60 * 60 * 1000;
const REMINDER_S = 60 * 60;

/** Whether one is being put in: a second tap is no second entry. */
let adding = false;

/** Whether this phone's WeChat has such a thing. */
function canAdd() {
  return wx.canIUse("addPhoneCalendar");
}

/**
 * Put it in. WeChat asks for the permission once, and then never again: whoever has refused is told
 * where to give it.
 * @param {Booking} booking
 * @returns {Promise<void>} rejects with an ApiError where the place can't be read
 */
async function addToCalendar(booking) {
  if (adding) return;
  adding = true;
  try {
    await add(booking);
  } finally {
    adding = false;
  }
}

/** @param {Booking} booking */
async function add(booking) {
  const entry = entryOf(booking, await getActivity(booking.activity_id));
  try {
    await wx.addPhoneCalendar(entry);
    wx.showToast({ title: "已加到日历", icon: "success" });
  } catch (error) {
    if (!/cancel/.test(/** @type {{errMsg: string}} */ (error).errMsg)) await explainPermission();
  }
}

async function explainPermission() {
  const { confirm } = await wx.showModal({
    title: "没有加到日历",
    content: "请点「去设置」，打开「添加到日历」，再点一次「加到日历」。还不行，请在手机的设置里允许微信使用日历。",
    confirmText: "去设置",
    cancelText: "知道了",
  });
  if (confirm) wx.openSetting();
}

/**
 * @param {Booking} booking
 * @param {Activity} activity
 */
function entryOf(booking, activity) {
  const { starts, ends } = timesOf(booking, activity);
  const { number, name } = booking.stall;
  const whose = isMyself(booking.resident) ? "" : `（${booking.resident.display_name}）`;
  return {
    title: `${booking.offering_title} ${booking.ticket} 号${whose}`,
    startTime: seconds(starts),
    endTime: String(seconds(ends)),
    location: addressWords(activity),
    description: `${booking.activity_title}，${number} 号摊位 ${name}。到场后请先扫码签到。`,
    alarm: true,
    alarmOffset: REMINDER_S,
  };
}

/**
 * When to be there: the slot; without one the market's hours, on the booking's day of several.
 * @param {Booking} booking
 * @param {Activity} activity
 */
function timesOf({ slot_starts_at: from, slot_ends_at: to, service_on: day }, activity) {
  if (from && to) return { starts: Date.parse(from), ends: Date.parse(to) };
  const starts = sameTimeOn(day, activity.starts_at);
  const length = (Date.parse(activity.ends_at) - Date.parse(activity.starts_at)) % DAY_MS || DAY_MS;
  return { starts, ends: starts + length };
}

/** @param {number} ms */
function seconds(ms) {
  return Math.floor(ms / 1000);
}

module.exports = { canAdd, addToCalendar, timesOf };
