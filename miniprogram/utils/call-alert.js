// @ts-check
// A call is felt, heard and seen wherever one is: the phone vibrates and speaks once for each, and
// the tab with the number has a badge as long as one stands. So has 我的 while notices are unread.

const callSound = require("./call-sound");

/** @typedef {import("../api/types").Booking} Booking */

const NUMBER_TAB = 1;
const MINE_TAB = 2;
const CALLED = "轮到您";
const MOST_SHOWN = 99;

/** Calls that were heard, as "id calls". @type {Set<string>} */
const heard = new Set();

/** @param {Booking[]} bookings */
function calledOf(bookings) {
  return bookings.filter(({ state }) => state === "called");
}

/** @param {Booking[]} bookings */
function alertCalls(bookings) {
  const calls = calledOf(bookings).map(({ id, calls: n }) => `${id} ${n}`);
  const unheard = calls.filter((call) => !heard.has(call));
  unheard.forEach((call) => heard.add(call));
  if (!unheard.length) return;
  wx.vibrateLong();
  callSound.play();
}

/** @param {{bookings: Booking[], unread: number}} mine */
function showBadges({ bookings, unread }) {
  showBadge(NUMBER_TAB, calledOf(bookings).length ? CALLED : "");
  showBadge(MINE_TAB, unread > MOST_SHOWN ? `${MOST_SHOWN}+` : String(unread || ""));
}

/**
 * @param {number} index of the tab
 * @param {string} text empty for no badge
 */
function showBadge(index, text) {
  // WeChat refuses on a page without the bar; the next page that has it says it again.
  const tab = { index, fail: () => undefined };
  if (text) wx.setTabBarBadge({ ...tab, text });
  else wx.removeTabBarBadge(tab);
}

module.exports = { alertCalls, showBadges };
