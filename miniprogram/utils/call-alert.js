// @ts-check
// A call is felt, heard and seen wherever one is: the phone vibrates and speaks once for each, and
// the tab with the number has a badge as long as one stands. So has 我的 while notices are unread.
// That the line has passed over a number is felt, and said until its person has looked.

const callSound = require("./call-sound");

/** @typedef {import("../api/types").Booking} Booking */

const NUMBER_TAB = 1;
const MINE_TAB = 2;
const CALLED = "轮到您";
const MOST_SHOWN = 99;

/** Calls, and turns that were missed, that the phone has told. @type {Set<string>} */
const told = new Set();
/** Turns that were missed, and looked at since. @type {Set<string>} */
const lookedAt = new Set();

/** @param {Booking[]} bookings */
function calledOf(bookings) {
  return bookings.filter(({ state }) => state === "called");
}

/** @param {Booking[]} bookings */
function alertCalls(bookings) {
  const news = [...calledOf(bookings), ...missedOf(bookings)].filter((one) => !told.has(turnOf(one)));
  news.forEach((one) => told.add(turnOf(one)));
  if (!news.length) return;
  wx.vibrateLong();
  if (calledOf(news).length) callSound.play();
}

/** @param {Booking[]} bookings */
function missedOf(bookings) {
  return bookings.filter(({ state }) => state === "missed");
}

/**
 * One and the same of a number until it is called, or missed, once more.
 * @param {Booking} booking
 */
function turnOf({ id, state, calls }) {
  return `${id} ${state} ${calls}`;
}

/**
 * Whose turn was missed, and who has not looked since.
 * @param {Booking[]} bookings
 */
function unseen(bookings) {
  return missedOf(bookings).filter((one) => !lookedAt.has(turnOf(one)));
}

/** @param {Booking[]} bookings */
function markSeen(bookings) {
  missedOf(bookings).forEach((one) => lookedAt.add(turnOf(one)));
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

module.exports = { alertCalls, markSeen, showBadges, unseen };
