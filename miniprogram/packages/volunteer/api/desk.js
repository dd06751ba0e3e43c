// @ts-check
const { read, write } = require("../../../api/request");

/** @typedef {import("../../../api/types").Booking} Booking */
/** @typedef {import("../../../api/types").Desk} Desk */
/** @typedef {"recall" | "start" | "finish" | "undo-finish" | "miss" | "park" | "rejoin"} DeskAction */

/**
 * A stall's desk; the same object while nothing has changed.
 * @param {string} stallId
 * @returns {Promise<Desk>}
 */
function pollDesk(stallId) {
  return read(`/stalls/${stallId}/desk`, { login: true, cached: true, attempts: 1 });
}

/**
 * A stall's desk, to give numbers at.
 * @param {string} stallId
 * @returns {Promise<Desk>}
 */
function getDesk(stallId) {
  return read(`/stalls/${stallId}/desk`, { login: true, cached: true });
}

/**
 * Call the next number.
 * @param {string} stallId
 * @param {string} pressId one for each press; the same for its repeats
 * @param {string} [althoughLeft] the booking to call even if its person has left
 * @returns {Promise<Booking | undefined>} undefined when nobody waits; rejects with `person_left`
 *   where that is to be asked first
 */
function callNext(stallId, pressId, althoughLeft) {
  /** @type {import("../../../api/openapi").CallNextRequest} */
  const body = { press_id: pressId, ...(althoughLeft && { although_left: althoughLeft }) };
  return write("POST", `/stalls/${stallId}/call-next`, body, { key: pressId });
}

/**
 * Do something with a number at the desk.
 * @param {string} bookingId
 * @param {DeskAction} action
 * @param {string} key one for each press; the same for its repeats
 * @returns {Promise<Booking>}
 */
function actOn(bookingId, action, key) {
  return write("POST", `/bookings/${bookingId}/${action}`, {}, { key });
}

/**
 * A number for somebody who has come to the stall.
 * @param {string} offeringId
 * @param {{resident_id: string} | {guest: import("../../../api/openapi").GuestRequest}} whom
 * @param {string} key one for each press; the same for its repeats
 * @returns {Promise<Booking>}
 */
function giveNumber(offeringId, whom, key) {
  return write("POST", `/offerings/${offeringId}/tickets`, whom, { key });
}

/**
 * Take somebody's number out of the line, who is not here.
 * @param {string} bookingId
 * @returns {Promise<Booking>}
 */
function cancelNumber(bookingId) {
  return write("POST", `/bookings/${bookingId}/cancel`);
}

module.exports = { pollDesk, getDesk, callNext, actOn, giveNumber, cancelNumber };
