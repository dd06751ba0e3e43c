// @ts-check
const { ApiError } = require("../../../api/errors");
const { write } = require("../../../api/request");
const { dialled, mobileOf } = require("../../../utils/phone-number");

/** @typedef {import("../../../api/types").Found} Found */
/** @typedef {import("../../../api/openapi").FoundTicket} Ticket */
/** @typedef {{by: "number" | "name", people: Found[]}} Question who it may be, and by what */

/** @type {Record<string, Question["by"]>} */
const QUESTIONS = { number_known: "number", name_known: "name" };

/**
 * People by their phone number, its last four digits, or their whole name.
 * @param {string} activityId where the caller works
 * @param {import("../../../api/openapi").FindRequest} by
 * @returns {Promise<import("../../../api/openapi").FoundPage>} more: how many fit beyond those
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
 * The question that stands before somebody is written in; null where that is not what is wrong.
 * @param {unknown} error
 */
function questionOf(error) {
  return error instanceof ApiError ? questionIn(error.more) : null;
}

/**
 * @param {Record<string, any> | undefined} problem the server's
 * @returns {Question | null}
 */
function questionIn(problem) {
  const by = problem && QUESTIONS[problem.code];
  return problem && by ? { by, people: problem.people } : null;
}

module.exports = { askedFor, findResidents, questionIn, questionOf };
