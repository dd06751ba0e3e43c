// @ts-check
// Scans of others: kept on the phone first, sent at once or when the network is back.

const { write } = require("../../../api/request");
const { uuid } = require("../../../utils/ids");
const outbox = require("../../../utils/outbox");

/** The outbox's name for what this file sends. @type {"volunteer-scan"} */
const KIND = "volunteer-scan";
const DEVICE_KEY = "device";
/** A line of people does not wait longer for a slow network. */
const PATIENCE_MS = 4000;

/** @typedef {import("../../../api/types").ScanAnswer} ScanAnswer */
/** @typedef {{id: string, title: string}} Market */
/** @typedef {import("../../../api/openapi").ScanRequest} ScanRequest */
/** @typedef {ScanAnswer["direction"]} Direction */
/** @typedef {import("../../../api/openapi").GuestRequest & {name: string}} Guest */
/** @typedef {{resident_code: string} | {resident_id: string} | {guest: Guest}} Whom */

/** This phone's own name for the server: the same as long as the mini-program stays on it. */
function deviceId() {
  const known = wx.getStorageSync(DEVICE_KEY);
  if (known) return known;
  const made = uuid();
  wx.setStorageSync(DEVICE_KEY, made);
  return made;
}

/**
 * @param {Whom} whom
 * @returns {ScanRequest["source"]}
 */
function sourceOf(whom) {
  if ("resident_code" in whom) return "scan";
  return "guest" in whom ? "proxy" : "search";
}

/**
 * Check somebody in or out.
 * @param {Market} market
 * @param {Whom} whom
 * @param {{who: string, direction: Direction, scannedAt?: string}} about who: what tells the person
 *   apart in a list of scans that wait; scannedAt: where that was not now
 * @returns {Promise<{sent: true, data: ScanAnswer} | {sent: false, key: string}>} rejects with an
 *   ApiError when the server does not take it
 */
function sendScan(market, whom, { who, direction, scannedAt = new Date().toISOString() }) {
  const id = uuid();
  /** @type {ScanRequest} */
  const body = {
    id, source: sourceOf(whom), direction, scanned_at: scannedAt, device_id: deviceId(), ...whom,
  };
  return outbox.submit(
    {
      key: id,
      kind: KIND,
      title: titleOf(who, direction),
      method: "POST",
      path: `/activities/${market.id}/scans`,
      body,
    },
    { patienceMs: PATIENCE_MS },
  );
}

/**
 * @param {string} who
 * @param {Direction} direction
 */
function titleOf(who, direction) {
  return `${direction === "exit" ? "签退" : "签到"}：${who}`;
}

/**
 * The market that a kept scan belongs to.
 * @param {{path: string}} entry
 */
function marketOf({ path }) {
  return path.split("/")[2];
}

/**
 * Whether this very scan waits to be uploaded already.
 * @param {string} code
 * @param {Direction} way
 */
function waitsFor(code, way) {
  return outbox.unanswered(KIND).some(({ body }) => {
    const { resident_code: kept, direction } = /** @type {Record<string, string>} */ (body);
    return kept === code && direction === way;
  });
}

/**
 * Undo a scan.
 * @param {string} scanId
 * @param {string} reason
 * @returns {Promise<import("../../../api/openapi").RevertAnswer>}
 */
function revertScan(scanId, reason) {
  return write("POST", `/scans/${scanId}/revert`, { reason });
}

/**
 * Say whose code it was that waits to be uploaded, in case it is refused.
 * @param {string} key the outbox's
 * @param {string} who
 * @param {Direction} direction
 */
function nameKept(key, who, direction) {
  outbox.retitle(key, titleOf(who, direction));
}

module.exports = { KIND, sendScan, marketOf, waitsFor, nameKept, revertScan, deviceId };
