// @ts-check
const { download, read, upload, write } = require("./request");
const outbox = require("../utils/outbox");

/** @typedef {{score: number, items: Record<string, number>, tags: string[], comment: string, may_call?: boolean}} Said may_call is left out where that was not asked */
/** @typedef {{booking_id: string} | {activity_id: string, resident_id?: string}} Subject */

/**
 * What residents are asked.
 * @returns {Promise<import("./types").RatingForm>}
 */
function getRatingForm() {
  return read("/rating-form");
}

/**
 * A rating given by me; of a bad one what became of it.
 * @param {string} id
 * @returns {Promise<import("./types").Rating>}
 */
function getRating(id) {
  return read(`/ratings/${id}`, { login: true });
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

/**
 * Add a photo to my complaint.
 * @param {string} id the rating's
 * @param {string} photoId made by this phone, so that the same photo may be sent again
 * @param {ArrayBuffer} content
 * @returns {Promise<import("./types").Rating>}
 */
function addPhoto(id, photoId, content) {
  return upload(`/ratings/${id}/photos/${photoId}`, content);
}

/**
 * A photo of my complaint.
 * @param {string} id the rating's
 * @param {string} photoId
 * @returns {Promise<ArrayBuffer>} a JPEG
 */
function getPhoto(id, photoId) {
  return download(`/ratings/${id}/photos/${photoId}`);
}

/**
 * 「还没解决」: open my complaint again.
 * @param {string} id the rating's
 * @param {string} words what is not solved
 * @param {string} key of this press
 * @returns {Promise<import("./types").Rating>}
 */
function sayUnsolved(id, words, key) {
  return write("POST", `/ratings/${id}/unsolved`, { words }, { key });
}

module.exports = {
  getRatingForm, getRating, listMyRatings, addRating, changeRating, addPhoto, getPhoto, sayUnsolved,
};
