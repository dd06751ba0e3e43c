// @ts-check
const { read } = require("./request");

/**
 * Activities by their start.
 * @param {{from?: string, to?: string, region_id?: string, programme?: string, state?: string,
 *   limit?: number, cursor?: string}} query days as YYYY-MM-DD, both included
 * @returns {Promise<import("./types").Page<import("./types").ActivityItem>>}
 */
function listActivities(query) {
  return read("/activities", { query });
}

/**
 * An activity with its stalls, services and slots.
 * @param {string} id
 * @returns {Promise<import("./types").Activity>}
 */
function getActivity(id) {
  return read(`/activities/${id}`);
}

/**
 * A service with its slots and free places.
 * @param {string} id
 * @returns {Promise<import("./types").Offering>}
 */
function getOffering(id) {
  return read(`/offerings/${id}`);
}

/**
 * The activity that a scanned or printed code belongs to.
 * @param {string} code
 * @returns {Promise<import("./types").CodeTarget>}
 */
function getCodeTarget(code) {
  return read(`/market-codes/${encodeURIComponent(code)}`);
}

/**
 * The district's lists: kinds of service, consents.
 * @returns {Promise<import("./types").Catalogue>}
 */
function getCatalogue() {
  return read("/catalogue");
}

module.exports = { listActivities, getActivity, getOffering, getCodeTarget, getCatalogue };
