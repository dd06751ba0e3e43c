// @ts-check
const { write } = require("../../../api/request");

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

module.exports = { findResidents };
