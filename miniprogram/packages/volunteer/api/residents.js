// @ts-check
const { ApiError } = require("../../../api/errors");
const { write } = require("../../../api/request");
const { dialled, mobileOf } = require("../../../utils/phone-number");

/** @typedef {{id: string, display_name: string, phone: string | null}} Found */

/**
 * People by their phone number, its last four digits, or their whole name.
 * @param {string} activityId where the caller works
 * @param {{phone: string} | {name: string}} by
 * @returns {Promise<{items: Found[], more: number}>} more: how many fit beyond those
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

/**
 * Those who are known with the number of somebody who is written in, by other names; nobody where
 * that is not what is wrong.
 * @param {unknown} error
 * @returns {Found[]}
 */
function knownOf(error) {
  return error instanceof ApiError ? knownIn(error.more) : [];
}

/**
 * @param {Record<string, any> | undefined} problem the server's
 * @returns {Found[]}
 */
function knownIn(problem) {
  return problem && problem.code === "number_known" ? problem.people : [];
}

module.exports = { askedFor, findResidents, knownIn, knownOf };
