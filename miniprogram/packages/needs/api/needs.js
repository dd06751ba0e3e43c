// @ts-check
const { read } = require("../../../api/request");
const session = require("../../../api/session");
const outbox = require("../../../utils/outbox");

/** @typedef {import("../../../api/types").Need} Need */
/** @typedef {import("../../../api/types").NewNeed} NewNeed */

/** More than these nobody reads before handing in. */
const MOST_TO_JOIN = 5;

/**
 * Those of a place that were accepted, without persons.
 * @param {{region_id?: string, service_kind?: string, cursor?: string, limit?: number}} query
 * @returns {Promise<import("../../../api/types").Page<Need>>}
 */
function listNeeds(query) {
  return read("/needs", { query, login: session.isLoggedIn() });
}

/**
 * Those of a kind that are on their way, the newest first: who wants the same may join them.
 * @param {string} regionId
 * @param {string} kind
 */
async function listToJoin(regionId, kind) {
  const { items } = await listNeeds({ region_id: regionId, service_kind: kind, limit: 50 });
  return items.filter(({ state }) => state === "accepted" || state === "planned").slice(0, MOST_TO_JOIN);
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
 */
function supportNeed({ id, title }) {
  return outbox.submit({ kind: "need", title: `我也需要：${title}`, method: "POST", path: `/needs/${id}/support`, body: {} });
}

/**
 * 「不再需要」: mine is taken back.
 * @param {{id: string, title: string}} need
 */
function leaveNeed({ id, title }) {
  return outbox.submit({ kind: "need", title: `不再需要：${title}`, method: "DELETE", path: `/needs/${id}/support`, body: {} });
}

module.exports = {
  listNeeds, listToJoin, listMyNeeds, getNeed, raiseNeed, supportNeed, leaveNeed,
};
