// @ts-check
// One's own numbers and the family's, and how many notices are unread, read again and again while the
// mini-program is on the screen: in this one place, so that a call is heard on whichever page is
// shown, and no two pages disagree.

const { pollMyBookings } = require("../api/bookings");
const { countUnread } = require("../api/notices");
const session = require("../api/session");
const { activeBookings, isOnTheSpot } = require("./booking-words");
const { alertCalls, markSeen, showBadges, unseen } = require("./call-alert");
const { createPoll } = require("./poll");

/** @typedef {import("../api/types").Booking} Booking */
/** @typedef {{bookings: Booking[], unread: number}} Mine */
/**
 * @typedef {object} Follower
 * @property {(bookings: Booking[], unread: number) => void} onChange
 * @property {(error: unknown) => void} [onError]
 */

const WAITING_MS = 5000;
const QUIET_MS = 30000;
/** Whoever is not logged in has none, and nobody is asked. @type {Mine} */
const NOBODYS = { bookings: [], unread: 0 };

/** The last answer; null before the first. @type {Mine | null} */
let known = null;
/** @type {Set<Follower>} */
const followers = new Set();

const poll = createPoll({
  read: readMine,
  every: () => (bookingsKnown().some(isWaitedFor) ? WAITING_MS : QUIET_MS),
  onChange: take,
  onError: (error) => followers.forEach((follower) => follower.onError?.(error)),
});

/**
 * @returns {Promise<Mine>} the same object while nothing has changed
 */
async function readMine() {
  if (!session.isLoggedIn()) return NOBODYS;
  const [{ items: bookings }, unread] = await Promise.all([
    pollMyBookings(),
    // Nobody misses a call because the inbox can't be counted.
    countUnread().catch(() => known?.unread || 0),
  ]);
  return known?.bookings === bookings && known.unread === unread ? known : { bookings, unread };
}

/** @param {Mine} mine as it is now */
function take(mine) {
  known = mine;
  alertCalls(mine.bookings);
  showBadges(mine);
  followers.forEach((follower) => follower.onChange(mine.bookings, mine.unread));
}

/**
 * One of my notices is being read: it counts at once, so that one that comes meanwhile is one more
 * and not the same number again.
 */
function countRead() {
  if (known) take({ ...known, unread: Math.max(0, known.unread - 1) });
}

/** Their person looks at the numbers: nothing tells them any more that one was passed over. */
function lookAtPassed() {
  if (!known || !unseen(known.bookings).length) return;
  markSeen(known.bookings);
  take(known);
}

function bookingsKnown() {
  return known ? known.bookings : [];
}

/** @param {Booking} booking */
function isWaitedFor(booking) {
  return activeBookings([booking]).some(isOnTheSpot);
}

/** The number that was taken just now. */
let first = "";

/**
 * The next look at one's numbers is for this one.
 * @param {string} bookingId
 */
function showFirst(bookingId) {
  first = bookingId;
}

/** Which is looked for, once; empty for none. */
function takeFirst() {
  const wanted = first;
  first = "";
  return wanted;
}

/** The mini-program is shown: a page that needs them at once has a moment to say so. */
function begin() {
  poll.begin(WAITING_MS);
}

/** The mini-program is not on the screen any more. */
function rest() {
  poll.rest();
}

/**
 * Read now; also while nobody looks, when something that had waited has been sent.
 * @returns {Promise<Booking[]>} as they are known after that
 */
async function refresh() {
  await poll.refresh();
  return bookingsKnown();
}

/**
 * Be told now, if they are known, and at each change.
 * @param {Follower} follower
 * @returns {() => void} stops it
 */
function follow(follower) {
  followers.add(follower);
  if (known) follower.onChange(known.bookings, known.unread);
  return () => {
    followers.delete(follower);
  };
}

/** Pages of the tab bar call it when they are shown: no other page may change the bar. */
function badgeTabs() {
  showBadges(known || NOBODYS);
}

module.exports = {
  begin, rest, refresh, countRead, lookAtPassed, follow, badgeTabs, showFirst, takeFirst,
};
