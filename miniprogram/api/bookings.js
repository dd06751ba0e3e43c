// @ts-check
const { read, write } = require("./request");
const outbox = require("../utils/outbox");

/** @typedef {import("./types").Booking} Booking */

/**
 * Sign up in advance, for oneself or a family member.
 * @param {string} offeringId
 * @param {import("./openapi").BookingRequest} body
 * @param {string} key one for each press; the same for its repeats
 * @returns {Promise<Booking>}
 */
function signUp(offeringId, body, key) {
  return write("POST", `/offerings/${offeringId}/bookings`, body, { key });
}

/**
 * A number on the spot, for oneself or a family member who has checked in.
 * @param {string} offeringId
 * @param {import("./openapi").TicketRequest} body
 * @param {string} key one for each press; the same for its repeats
 * @returns {Promise<Booking>}
 */
function takeNumber(offeringId, body, key) {
  return write("POST", `/offerings/${offeringId}/tickets`, body, { key });
}

/**
 * My bookings and my family's, newest first, or by when they are.
 * @param {{cursor?: string, limit?: number, order?: "when"}} [query]
 * @returns {Promise<import("./types").Page<Booking>>}
 */
function listMyBookings(query = {}) {
  return read("/me/bookings", { query, login: true });
}

/**
 * The newest bookings, for polling: one try, the same object while nothing has changed.
 * @returns {Promise<import("./types").Page<Booking>>}
 */
function pollMyBookings() {
  return read("/me/bookings", {
    query: { limit: 50 }, login: true, cached: true, attempts: 1, shownOn: "pages/number/number",
  });
}

/**
 * @param {string} id
 * @returns {Promise<Booking>}
 */
function getBooking(id) {
  return read(`/bookings/${id}`, { login: true });
}

/**
 * Cancel; kept and sent later where the network is away.
 * @param {Booking} booking
 */
function cancelBooking(booking) {
  return outbox.submit({
    kind: "cancel",
    title: `取消：${booking.offering_title} ${booking.ticket}`,
    method: "POST",
    path: cancelPath(booking.id),
    body: {},
  });
}

/**
 * Whether it will be cancelled as soon as the network is back.
 * @param {string} id
 */
function isCancelWaiting(id) {
  return outbox.holds(cancelPath(id));
}

/** @param {string} id */
function cancelPath(id) {
  return `/bookings/${id}/cancel`;
}

/**
 * 「改期后还来」 of one that was moved to the time that it is shown at; kept and sent later where the
 * network is away.
 * @param {Booking} booking
 */
function keepBooking({ id, offering_title: service, ticket, service_on, slot_starts_at }) {
  return outbox.submit({
    kind: "keep",
    title: `改期后还来：${service} ${ticket}`,
    method: "POST",
    path: keepPath(id),
    body: { service_on, ...(slot_starts_at && { slot_starts_at }) },
  });
}

/**
 * Whether 「改期后还来」 will be told as soon as the network is back.
 * @param {string} id
 */
function isKeepWaiting(id) {
  return outbox.holds(keepPath(id));
}

/** @param {string} id */
function keepPath(id) {
  return `/bookings/${id}/keep`;
}

/**
 * Set a waiting number aside; it keeps its place.
 * @param {string} id
 * @returns {Promise<Booking>}
 */
function parkBooking(id) {
  return write("POST", `/bookings/${id}/park`);
}

/**
 * Back into the line after being set aside, or once after being missed.
 * @param {string} id
 * @returns {Promise<Booking>}
 */
function rejoinBooking(id) {
  return write("POST", `/bookings/${id}/rejoin`);
}

module.exports = {
  signUp, takeNumber, listMyBookings, pollMyBookings, getBooking, cancelBooking,
  isCancelWaiting, keepBooking, isKeepWaiting, parkBooking, rejoinBooking,
};
