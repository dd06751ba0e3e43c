// @ts-check
const { read } = require("./request");
const outbox = require("../utils/outbox");

/** @typedef {{score: number, items: Record<string, number>, tags: string[], comment: string}} Said */
/** @typedef {{booking_id: string} | {activity_id: string, resident_id?: string}} Subject */

/**
 * What residents are asked.
 * @returns {Promise<import("./types").RatingForm>}
 */
function getRatingForm() {
  return read("/rating-form");
}

/**
 * Ratings given by me, newest first.
 * @param {{cursor?: string, limit?: number}} [query]
 * @returns {Promise<import("./types").Page<import("./types").Rating>>}
 */
function listMyRatings(query = {}) {
  return read("/me/ratings", { query, login: true });
}

/**
 * Rate a service or a visit; kept and sent later where the network is away.
 * @param {Subject} subject
 * @param {string} title what is rated
 * @param {Said} said
 */
function addRating(subject, title, said) {
  const body = { ...subject, ...said };
  return outbox.submit({ kind: "rating", title: `评价：${title}`, method: "POST", path: "/ratings", body });
}

/**
 * Change a rating while it can be changed; kept and sent later where the network is away.
 * @param {string} id
 * @param {string} title what is rated
 * @param {Said} said
 */
function changeRating(id, title, said) {
  const path = `/ratings/${id}`;
  return outbox.submit({ kind: "rating", title: `修改评价：${title}`, method: "PUT", path, body: said });
}

module.exports = { getRatingForm, listMyRatings, addRating, changeRating };
