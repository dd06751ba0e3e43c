// @ts-check
const { read } = require("./request");

/** @typedef {import("./types").Page<import("./types").Region>} Regions */

/**
 * The towns and subdistricts (镇、街道).
 * @returns {Promise<Regions>}
 */
function listSubdistricts() {
  return read("/regions", { query: { level: "subdistrict", limit: 100 } });
}

/**
 * The communities of a subdistrict.
 * @param {string} subdistrictId
 * @returns {Promise<Regions>}
 */
function listCommunities(subdistrictId) {
  return read("/regions", { query: { parent_id: subdistrictId, limit: 100 } });
}

module.exports = { listSubdistricts, listCommunities };
