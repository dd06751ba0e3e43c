// @ts-check
const { write } = require("../../../api/request");
const { dialled, mobileOf } = require("../../../utils/phone-number");

/** @typedef {{id: string, display_name: string, phone: string | null}} Found */

/**
 * People by their phone number, its last four digits, or their whole name.
 * @param {string} activityId where the caller works
 * @param {{phone: string} | {name: string}} by
 * @returns {Promise<{items: Found[]}>}
 */
function findResidents(activityId, by) {
  return write("POST", `/activities/${activityId}/residents/find`, by);
}

/**
 * Digits are a phone number, or its last four; anything else is a name.
 * @param {string} words
 * @returns {{phone: string} | {name: string}}
 */
function askedFor(words) {
  const number = dialled(words);
  return /^\+?\d+$/.test(number) ? { phone: mobileOf(number) || number } : { name: words };
}

module.exports = { askedFor, findResidents };
