// @ts-check
const { download, read, upload } = require("../../../api/request");
const session = require("../../../api/session");
const outbox = require("../../../utils/outbox");
const { sleep } = require("../../../utils/sleep");

/** @typedef {import("../../../api/types").Need} Need */
/** @typedef {import("../../../api/types").NewNeed} NewNeed */

/** Nobody waits longer for others' needs before their own is handed in. */
const SIMILAR_WAIT_MS = 3000;
/** Of what is written, for others like it: an address has an end. */
const SIMILAR_LENGTH = 200;

/**
 * Those of a place that were accepted, without persons.
 * @param {{region_id?: string, service_kind?: string, cursor?: string, limit?: number}} query
 * @returns {Promise<import("../../../api/types").Page<Need>>}
 */
function listNeeds(query) {
  return read("/needs", { query, login: session.isLoggedIn() });
}

/**
 * Those on their way that are like one which is about to be handed in, the most alike first: who
 * wants the same may join them. None where the network is slow or away: nobody is kept by it.
 * @param {NewNeed} need
 * @returns {Promise<Need[]>}
 */
function listSimilar({ region_id, title, details, service_kind }) {
  const query = {
    region_id,
    title,
    ...(details && { details: details.slice(0, SIMILAR_LENGTH) }),
    ...(service_kind && { service_kind }),
  };
  const similar = read("/needs/similar", { query, login: session.isLoggedIn(), attempts: 1 });
  const late = sleep(SIMILAR_WAIT_MS).then(() => ({ items: [] }));
  return Promise.race([similar, late]).then(({ items }) => items, () => []);
}

/**
 * Those that I or one of my family asks for, the newest first.
 * @param {{cursor?: string}} query
 * @returns {Promise<import("../../../api/types").Page<Need>>}
 */
function listMyNeeds(query) {
  return read("/me/needs", { query, login: true });
}

/**
 * Who is logged in sees what is their own in it, too.
 * @param {string} id
 * @returns {Promise<import("../../../api/types").NeedInFull>}
 */
function getNeed(id) {
  return read(`/needs/${id}`, { login: session.isLoggedIn() });
}

/**
 * Hand in a need; kept and sent later where the network is away, as all that is below.
 * @param {NewNeed} need
 * @param {string} key of this press
 */
function raiseNeed(need, key) {
  return outbox.submit({ key, kind: "need", title: `需求：${need.title}`, method: "POST", path: "/needs", body: need });
}

/**
 * 「我也需要」.
 * @param {{id: string, title: string}} need
 * @param {{resident_id?: string}} [whom] of a family member
 */
function supportNeed({ id, title }, whom = {}) {
  return outbox.submit({ kind: "need", title: `我也需要：${title}`, method: "POST", path: `/needs/${id}/support`, body: whom });
}

/**
 * 「不再需要」: one's voice, or a family member's, is taken back.
 * @param {{id: string, title: string}} need
 * @param {string} residentId
 */
function leaveNeed({ id, title }, residentId) {
  const body = { resident_id: residentId };
  return outbox.submit({ kind: "need", title: `不再需要：${title}`, method: "DELETE", path: `/needs/${id}/support`, body });
}

/**
 * 「解决了吗？」.
 * @param {{id: string, title: string}} need
 * @param {import("../../../api/openapi").VerdictRequest} said
 */
function judgeNeed({ id, title }, said) {
  return outbox.submit({ kind: "need", title: `解决了吗：${title}`, method: "POST", path: `/needs/${id}/verdict`, body: said });
}

/**
 * 「还没解决，请再想办法」: a new round.
 * @param {{id: string, title: string}} need
 * @param {{reason?: string}} said
 */
function reopenNeed({ id, title }, said) {
  return outbox.submit({ kind: "need", title: `请再想办法：${title}`, method: "POST", path: `/needs/${id}/reopen`, body: said });
}

/**
 * @param {string} id the need's
 * @param {string} photoId made by this phone, so that the same photo may be sent again
 * @param {ArrayBuffer} content
 * @returns {Promise<import("../../../api/types").NeedInFull>}
 */
function addPhoto(id, photoId, content) {
  return upload(`/needs/${id}/photos/${photoId}`, content);
}

/**
 * @param {string} id the need's
 * @param {string} photoId
 * @returns {Promise<ArrayBuffer>} a JPEG
 */
function getPhoto(id, photoId) {
  return download(`/needs/${id}/photos/${photoId}`);
}

module.exports = {
  listNeeds, listSimilar, listMyNeeds, getNeed, raiseNeed, supportNeed, leaveNeed, judgeNeed,
  reopenNeed, addPhoto, getPhoto,
};
