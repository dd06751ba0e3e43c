// @ts-check
// One's own numbers and the family's, read again and again while the mini-program is on the screen:
// in this one place, so that a call is heard on whichever page is shown, and no two pages disagree.

const { pollMyBookings } = require("../api/bookings");
const session = require("../api/session");
const { activeBookings, isOnTheSpot } = require("./booking-words");
const { alertCalls, badgeCalls } = require("./call-alert");
const { createPoll } = require("./poll");

/** @typedef {import("../api/types").Booking} Booking */
/** @typedef {{onChange: (bookings: Booking[]) => void, onError?: (error: unknown) => void}} Follower */

const WAITING_MS = 5000;
const QUIET_MS = 30000;
/** Whoever is not logged in has none, and nobody is asked. */
const NOBODYS = { items: /** @type {Booking[]} */ ([]), next_cursor: null };

/** The last answer; null before the first. @type {Booking[] | null} */
let known = null;
/** @type {Set<Follower>} */
const followers = new Set();

const poll = createPoll({
  read: () => (session.isLoggedIn() ? pollMyBookings() : Promise.resolve(NOBODYS)),
  every: () => ((known || []).some(isWaitedFor) ? WAITING_MS : QUIET_MS),
  onChange: ({ items }) => {
    known = items;
    alertCalls(items);
    badgeCalls(items);
    followers.forEach((follower) => follower.onChange(items));
  },
  onError: (error) => followers.forEach((follower) => follower.onError?.(error)),
});

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
  return known || [];
}

/**
 * Be told now, if they are known, and at each change.
 * @param {Follower} follower
 * @returns {() => void} stops it
 */
function follow(follower) {
  followers.add(follower);
  if (known) follower.onChange(known);
  return () => {
    followers.delete(follower);
  };
}

/** Pages of the tab bar call it when they are shown: no other page may change the bar. */
function showBadge() {
  badgeCalls(known || []);
}

module.exports = { begin, rest, refresh, follow, showBadge, showFirst, takeFirst };
