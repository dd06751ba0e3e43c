// @ts-check
const { read, write } = require("../../../api/request");

/** @typedef {import("../../../api/types").Activity} Activity */
/** @typedef {import("../../../api/types").MarketCode} MarketCode */

/**
 * An activity's figures of the day; the same object while nothing has changed.
 * @param {string} id
 * @returns {Promise<import("../../../api/types").Summary>}
 */
function pollSummary(id) {
  return read(`/activities/${id}/summary`, { login: true, cached: true, attempts: 1 });
}

/**
 * Check-in and queues begin.
 * @param {string} id
 * @returns {Promise<Activity>}
 */
function openMarket(id) {
  return write("POST", `/activities/${id}/open`);
}

/**
 * Check-in and queues end; who still waits has not been served.
 * @param {string} id
 * @returns {Promise<Activity>}
 */
function closeMarket(id) {
  return write("POST", `/activities/${id}/close`);
}

/**
 * The check-in code as the entrance shows it now; one try: whoever shows it asks again.
 * @param {string} id
 * @returns {Promise<MarketCode>}
 */
function getMarketCode(id) {
  return read(`/activities/${id}/code`, { login: true, attempts: 1 });
}

/**
 * Make every code shown and printed so far worthless.
 * @param {string} id
 * @returns {Promise<MarketCode>} the new one
 */
function revokeMarketCode(id) {
  return write("POST", `/activities/${id}/code/revoke`);
}

module.exports = { pollSummary, openMarket, closeMarket, getMarketCode, revokeMarketCode };
