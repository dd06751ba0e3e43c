// @ts-check
// Whom this phone has written in by name alone. The server asks about a second one of that name;
// where it can't be asked, or has not heard of the first yet, the phone asks by itself. Names stay
// in memory, and with the scans that wait.

const network = require("../../../utils/network");
const { nameKey } = require("../../../utils/name-words");
const outbox = require("../../../utils/outbox");
const { dayKey } = require("../../../utils/time");
const { KIND, marketOf } = require("../api/scans");

/** @typedef {import("../api/scans").Whom} Whom */
/** @typedef {{market: string, key: string, at: number}} Written */

/** @type {Written[]} */
let written = [];

/**
 * @param {string} market its id
 * @param {Whom} whom
 */
function noteWritten(market, whom) {
  const key = keyOf(whom);
  if (key) written = [...written, { market, key, at: Date.now() }];
}

/**
 * When this phone has written in somebody of that name today, as far as the server can't tell.
 * @param {string} market its id
 * @param {Whom} whom
 * @returns {number | null} ms
 */
function writtenBefore(market, whom) {
  const key = keyOf(whom);
  if (!key) return null;
  const candidates = network.isOnline() ? waiting() : [...waiting(), ...written];
  const before = candidates.find(
    (one) => one.market === market && one.key === key && dayKey(one.at) === dayKey(Date.now()),
  );
  return before ? before.at : null;
}

/** @returns {Written[]} those that wait for the network, oldest first */
function waiting() {
  return outbox.unanswered(KIND).map((entry) => ({
    market: marketOf(entry), key: keyOf(/** @type {Whom} */ (entry.body)), at: entry.at,
  }));
}

/**
 * The name that alone tells who is meant; empty where something else does.
 * @param {Whom} whom
 */
function keyOf(whom) {
  return "guest" in whom && !whom.guest.phone && !whom.guest.another ? nameKey(whom.guest.name) : "";
}

module.exports = { noteWritten, writtenBefore };
