// @ts-check
const { read } = require("./request");
const outbox = require("../utils/outbox");
const { uuid } = require("../utils/ids");

/**
 * Check in with the market's code; kept and sent later where the network is away.
 * @param {{activity_id: string, title: string}} market
 * @param {string} code
 * @param {string} [residentId] a family member; without it, oneself
 * @returns {Promise<{sent: true, data: import("./types").ScanAnswer} |
 *   {sent: false, key: string}>}
 */
function checkIn(market, code, residentId) {
  const id = uuid();
  const whom = residentId ? { resident_id: residentId } : {};
  /** @type {import("./openapi").ScanRequest} */
  const body = { id, source: "self", code, scanned_at: new Date().toISOString(), ...whom };
  return outbox.submit({
    key: id,
    kind: "scan",
    title: `签到：${market.title}`,
    method: "POST",
    path: `/activities/${market.activity_id}/scans`,
    body,
  });
}

/**
 * My visits and my family's, newest first.
 * @param {{cursor?: string, limit?: number}} [query]
 * @returns {Promise<import("./types").Page<import("./types").Attendance>>}
 */
function listMyAttendances(query = {}) {
  return read("/me/attendances", { query, login: true });
}

/**
 * A personal code to show as a QR, good for a minute or so.
 * @param {string} [residentId] a family member; without it, oneself
 * @returns {Promise<import("./types").PersonalCode>}
 */
function getPersonalCode(residentId) {
  return read("/me/code", { query: { resident_id: residentId }, login: true });
}

module.exports = { checkIn, listMyAttendances, getPersonalCode };
