// @ts-check
// A booking in the words that the pages show.

const { isCancelWaiting } = require("../api/bookings");
const { nameWords } = require("./name-words");
const { clock, dayKey, dayWords, daysBetween, waitWords } = require("./time");

/** @typedef {import("../api/types").Booking} Booking */
/** @typedef {import("../api/types").BookingState} State */

/** As config/rules.toml has it; the server decides. */
const RATABLE_DAYS = 7;

/** @type {Record<State, {text: string, tone: string}>} */
const BADGES = {
  confirmed: { text: "已报名", tone: "accent" },
  arrived: { text: "排队中", tone: "warn" },
  called: { text: "轮到您了", tone: "good" },
  serving: { text: "服务中", tone: "good" },
  served: { text: "已完成", tone: "plain" },
  missed: { text: "已过号", tone: "bad" },
  parked: { text: "暂时离开", tone: "warn" },
  no_show: { text: "没有到场", tone: "plain" },
  cancelled: { text: "已取消", tone: "plain" },
  expired: { text: "已失效", tone: "plain" },
};

const CANCEL_WAITING = { text: "联网后取消", tone: "warn" };

/**
 * States that still lead somewhere, the most urgent first.
 * @type {State[]}
 */
const ACTIVE = ["called", "serving", "arrived", "missed", "parked", "confirmed"];
/** @type {State[]} */
const ON_THE_SPOT = ["called", "serving", "arrived", "missed", "parked"];
/** @type {State[]} */
const CANCELLABLE = ["confirmed", "arrived", "called", "missed", "parked"];

/** @param {Booking} booking */
function bookingWords(booking) {
  const { id, state, ticket, ahead, slot_starts_at: from, slot_ends_at: to } = booking;
  const day = dayWords(booking.service_on);
  const waiting = isCancelWaiting(id);
  return {
    id,
    state,
    ticket,
    activityId: booking.activity_id,
    title: booking.offering_title,
    market: booking.activity_title,
    who: nameWords(booking.resident),
    stall: `${booking.stall.number} 号摊位 ${booking.stall.name}`,
    when: from && to ? `${day} ${clock(from)}–${clock(to)}` : day,
    badge: waiting ? CANCEL_WAITING : BADGES[state],
    line: ahead === null ? "" : lineWords(ahead),
    wait: ahead === null ? "" : waitWords(booking.estimate_minutes),
    canCancel: !waiting && CANCELLABLE.includes(state),
    canPark: !waiting && state === "arrived",
    canRate: state === "served" && daysBetween(booking.service_on, today()) <= RATABLE_DAYS,
    canRejoin: !waiting && (state === "parked" || (state === "missed" && !booking.rejoined)),
  };
}

function today() {
  return dayKey(Date.now());
}

/** @param {number} ahead */
function lineWords(ahead) {
  return ahead === 0 ? "下一位就是您" : `前面还有 ${ahead} 位`;
}

/**
 * Bookings of today and later that still lead somewhere, the most urgent and the soonest first.
 * @param {Booking[]} bookings
 */
function activeBookings(bookings) {
  return bookings
    .filter(({ state, service_on: day }) => ACTIVE.includes(state) && day >= today())
    .sort((one, other) => ranking(one).localeCompare(ranking(other)));
}

/** @param {Booking} booking */
function ranking({ state, service_on: day, slot_starts_at: start }) {
  return `${ACTIVE.indexOf(state)} ${start || day}`;
}

/** @param {Booking} booking */
function isOnTheSpot({ state }) {
  return ON_THE_SPOT.includes(state);
}

module.exports = { bookingWords, activeBookings, isOnTheSpot };
