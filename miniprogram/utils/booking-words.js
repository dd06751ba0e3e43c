// @ts-check
// A booking in the words that the pages show.

const { isCancelWaiting, isKeepWaiting } = require("../api/bookings");
const { isMyself } = require("../api/session");
const { whoWords } = require("./family-names");
const serverTime = require("./server-time");
const { clock, dayKey, dayWords, daysBetween, momentWords, waitWords } = require("./time");

/** @typedef {import("../api/types").Booking} Booking */
/** @typedef {import("../api/types").BookingState} State */

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

/** A space at which no line ends. */
const TOGETHER = "\u00a0";

/** Of a family member: whose turn it is stands below. */
const FAMILY_CALLED = { text: "正在叫号", tone: "good" };

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

/**
 * The state now: an answer that was kept on the phone may be of a day that is over.
 * @param {Booking} booking
 * @returns {State}
 */
function stateNow(booking) {
  if (!ACTIVE.includes(booking.state) || !isDayOver(booking)) return booking.state;
  return booking.state === "serving" ? "served" : "expired";
}

/** @param {Booking} booking */
function isDayOver({ valid_until: until }) {
  return Date.now() >= Date.parse(until);
}

/** Of how many wait ahead, so that places sort as words. */
const PLACE_DIGITS = 4;

const NEXT = "还需要这项服务，请看看近期的集市";

/**
 * What became of a number that ended with its day or its market, and what to do; empty for any
 * other, and once it is long ago and nothing can be done about it.
 * @param {Booking} booking
 */
function overWords(booking) {
  const state = stateNow(booking);
  const { service_on: on, activity_open: open } = booking;
  if (!isDayOver(booking)) return closedWords(booking, state);
  if (state !== "expired" && state !== "no_show") return "";
  if (!open && daysBetween(on, today()) > 1) return "";
  const why = state === "no_show" ? "您没有来签到，" : "";
  const what = `这个号是${dayWords(on)}的，${why}已经过期`;
  return open ? `${what}，今天请重新取号` : `${what}。${NEXT}`;
}

/**
 * Its day goes on, but its market is over: nobody is left to wonder where their number is.
 * @param {Booking} booking
 * @param {State} state
 */
function closedWords({ ticket, activity_state: activity }, state) {
  if (state === "expired") return `集市已结束，${ticket} 未办理。${NEXT}`;
  if (state === "no_show") return `集市已结束，${ticket} 没有来签到。${NEXT}`;
  return state === "cancelled" && activity === "cancelled" ? `集市已取消，${ticket} 不用来了。${NEXT}` : "";
}

/**
 * How somebody who is here stands with their appointment; empty without one.
 * @param {Booking} booking
 */
function appointmentWords({ state, slot_starts_at: from, due_at: due }) {
  if (state !== "arrived" || !from) return "";
  // Whoever was called and did not come stands with the others, before their time too.
  if (!due) return `${serverTime.isBefore(from) ? "叫号时没来" : `约的 ${clock(from)} 已经过了`}，按到场先后排队`;
  return isEarly(due) ? "" : `约的是 ${clock(due)}，到时间了，优先叫号`;
}

/** @param {string | null} due */
function isEarly(due) {
  return due !== null && serverTime.isBefore(due);
}

/**
 * @param {Booking} booking
 * @param {State} state
 */
function badgeOf({ resident }, state) {
  return state === "called" && !isMyself(resident) ? FAMILY_CALLED : BADGES[state];
}

/** Whose turn it is, as whoever holds the phone is told. @param {Booking} booking */
function whomWords({ resident }) {
  return isMyself(resident) ? "您" : whoWords(resident);
}

/** @param {Booking} booking */
function bookingWords(booking) {
  const { id, ticket, slot_starts_at: from, slot_ends_at: to } = booking;
  const state = stateNow(booking);
  const ahead = state === "arrived" ? booking.ahead : null;
  const day = dayWords(booking.service_on);
  const waiting = isCancelWaiting(id);
  const isMoved = state === "confirmed" && booking.moved_from !== null;
  return {
    id,
    state,
    ticket,
    activityId: booking.activity_id,
    title: booking.offering_title,
    market: booking.activity_title,
    place: [booking.venue.name, booking.venue.address].filter(Boolean).join("，"),
    who: whoWords(booking.resident),
    whom: whomWords(booking),
    stall: `${booking.stall.number}${TOGETHER}号摊位 ${booking.stall.name}`,
    when: from && to ? `${day} ${clock(from)}–${clock(to)}` : day,
    badge: waiting ? CANCEL_WAITING : badgeOf(booking, state),
    moved: isMoved ? `改期了，原来是${momentWords(/** @type {string} */ (booking.moved_from))}` : "",
    /** Whether they have still to say if they come. */
    asks: isMoved && !waiting && !isKeepWaiting(id),
    over: overWords(booking),
    ...(ahead === null ? { line: "", wait: "" } : placeWords(booking, ahead)),
    appointment: appointmentWords({ ...booking, state }),
    left: booking.left,
    open: booking.activity_open,
    canCancel: !waiting && CANCELLABLE.includes(state),
    canPark: !waiting && state === "arrived",
    canRate: state === "served" && serverTime.isBefore(booking.ratable_until),
    canRejoin: !waiting && (state === "parked" || (state === "missed" && !booking.rejoined)),
  };
}

/**
 * What is asked before a number is given up: somebody may hold two of one service, at two markets.
 * @param {Booking} booking
 */
function cancelQuestion({ ticket, resident, activity_title: market, offering_title: service }) {
  return {
    title: `取消 ${ticket} 号？`,
    content: `${whoWords(resident)}在「${inner(market)}」的${service}。名额会让给其他居民，取消后不能恢复。`,
    confirmText: "确定取消",
    cancelText: "先留着",
    confirmColor: "#B42318",
  };
}

/** Marks within marks. @param {string} title */
function inner(title) {
  return title.replace(/「/g, "『").replace(/」/g, "』");
}

function today() {
  return dayKey(Date.now());
}

/**
 * The place in the line: of an appointment that is still early, its time.
 * @param {Booking} booking
 * @param {number} ahead
 */
function placeWords(booking, ahead) {
  const { due_at: due, estimate_minutes: estimate } = booking;
  if (due && isEarly(due)) {
    return {
      line: `约 ${clock(due)}`,
      wait: ahead === 0 ? "现在没人也可以先来" : `前面有 ${ahead} 位在等，没人时也可以先来`,
    };
  }
  return { line: ahead === 0 ? `下一位就是${whomWords(booking)}` : `前面还有 ${ahead} 位`, wait: waitWords(estimate) };
}

/**
 * Bookings that still lead somewhere, the most urgent and the soonest first.
 * @param {Booking[]} bookings
 */
function activeBookings(bookings) {
  return bookings
    .filter((booking) => ACTIVE.includes(stateNow(booking)))
    .sort((one, other) => ranking(one).localeCompare(ranking(other)));
}

/**
 * Who is called, then whom the line has passed over and who can join it again, then the nearest.
 * @param {Booking} booking
 */
function ranking({ state, rejoined, ahead, service_on: day, slot_starts_at: start }) {
  const needsThem = state === "missed" && !rejoined;
  const urgency = needsThem ? ACTIVE.indexOf("serving") : ACTIVE.indexOf(state) + (state === "called" ? 0 : 1);
  return `${urgency} ${String(ahead || 0).padStart(PLACE_DIGITS, "0")} ${start || day}`;
}

/**
 * Those that ended with their day without a turn, and that nobody has asked for again since.
 * @param {Booking[]} bookings
 */
function endedBookings(bookings) {
  return bookings.filter(
    (ended) =>
      overWords(ended) &&
      !bookings.some(
        (later) =>
          later.offering_id === ended.offering_id &&
          later.resident.id === ended.resident.id &&
          later.service_on > ended.service_on,
      ),
  );
}

/**
 * What somebody has already booked at the time of a slot of another service.
 * @param {Booking[]} bookings
 * @param {{starts_at: string, ends_at: string}} slot
 * @param {string} residentId a family member's; empty for oneself
 * @param {string} offeringId
 */
function clashOf(bookings, slot, residentId, offeringId) {
  const clash = activeBookings(bookings).find(
    ({ slot_starts_at: from, slot_ends_at: to, resident, offering_id: other }) =>
      from && to && other !== offeringId &&
      (residentId ? resident.id === residentId : isMyself(resident)) &&
      Date.parse(from) < Date.parse(slot.ends_at) && Date.parse(to) > Date.parse(slot.starts_at),
  );
  return clash && bookingWords(clash);
}

/**
 * Who is called, for a page that is about something else; empty where nobody is.
 * @param {Booking[]} bookings
 */
function callWords(bookings) {
  const called = bookings.filter((booking) => stateNow(booking) === "called");
  const [first] = called.map(bookingWords);
  if (!first) return "";
  const others = called.length > 1 ? `，另有 ${called.length - 1} 个号也在叫` : "";
  return `轮到${first.whom}了：${first.ticket}${TOGETHER}号，请到 ${first.stall}${others}`;
}

/**
 * Whose number the line has passed over, for a page that is about something else; empty where none
 * was.
 * @param {Booking[]} bookings that their person has not looked at since
 */
function passedWords(bookings) {
  const [first] = bookings.filter((booking) => stateNow(booking) === "missed").map(bookingWords);
  if (!first) return "";
  const what = first.canRejoin ? "回来后可以重新排一次队" : "请重新取号";
  return `${first.whom}的 ${first.ticket} 号过号了，${what}`;
}

/**
 * The appointment for which somebody has come early; empty where there is none.
 * @param {Booking[]} bookings
 * @param {string} activityId where they are
 * @param {string} residentId a family member's; empty for oneself
 */
function earlyWords(bookings, activityId, residentId) {
  const [first] = bookings
    .filter(({ activity_id: market, resident, due_at: due, ...booking }) =>
      market === activityId && booking.state === "arrived" && isEarly(due) &&
      (residentId ? resident.id === residentId : isMyself(resident)))
    .map(({ due_at: due }) => /** @type {string} */ (due))
    .sort();
  return first ? `约的是 ${clock(first)}，现在没人也可以先来` : "";
}

/**
 * Under which heading a booking stands in a list by time.
 * @param {Booking} booking
 * @returns {"今天" | "以后" | "过去"}
 */
function groupOf(booking) {
  if (isDayOver(booking)) return "过去";
  return booking.service_on <= today() ? "今天" : "以后";
}

/** @param {Booking} booking */
function isOnTheSpot({ state }) {
  return ON_THE_SPOT.includes(state);
}

module.exports = {
  bookingWords, activeBookings, callWords, cancelQuestion, clashOf, earlyWords, endedBookings,
  groupOf, isOnTheSpot, passedWords,
};
