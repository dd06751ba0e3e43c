// @ts-check
// A call is felt and seen wherever one is: the phone vibrates once for each, and the tab with the
// number has a badge as long as one stands.

/** @typedef {import("../api/types").Booking} Booking */

const NUMBER_TAB = 1;
const BADGE = "轮到您";

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
  if (unheard.length) wx.vibrateLong();
}

/** @param {Booking[]} bookings */
function badgeCalls(bookings) {
  // WeChat refuses on a page without the bar; the next page that has it says it again.
  const bar = { index: NUMBER_TAB, fail: () => undefined };
  if (calledOf(bookings).length) wx.setTabBarBadge({ ...bar, text: BADGE });
  else wx.removeTabBarBadge(bar);
}

module.exports = { alertCalls, badgeCalls };
