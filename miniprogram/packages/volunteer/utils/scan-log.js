// @ts-check
// What this phone has scanned today: to count, and to undo the last ones. The names are those that
// the server shows of people, not whole ones.

const { forToday } = require("../../../utils/for-today");
const { createSignal } = require("../../../utils/signal");

/** As many as the records page shows; the count goes on. */
const KEPT_LINES = 60;

/**
 * @typedef {object} Line
 * @property {string} id the scan's
 * @property {string} market id
 * @property {number} at when it was scanned, ms
 * @property {string} who
 * @property {string} [tells] how they came in, and what tells them from others of that name
 * @property {"admitted" | "left" | "known" | "gone" | "back" | "refused" | "reverted"} state
 * @property {string} words what the phone showed
 * @property {boolean} late whether it was judged when it was uploaded
 */

/** @typedef {{lines: Line[], counts: Record<string, number>}} Log newest line first; admitted by market */

/** @type {ReturnType<typeof forToday<Log>>} */
const kept = forToday("scan-log");
const changes = createSignal(0);

/** @returns {Log} */
function read() {
  return kept.get() || { lines: [], counts: {} };
}

/** @param {Log} log */
function write(log) {
  kept.set(log);
  changes.set(changes.get() + 1);
}

/** @param {Line} line */
function add(line) {
  const { lines, counts } = read();
  const more = line.state === "admitted" ? 1 : 0;
  write({
    lines: [line, ...lines].sort((one, other) => other.at - one.at).slice(0, KEPT_LINES),
    counts: { ...counts, [line.market]: (counts[line.market] || 0) + more },
  });
}

/**
 * Newest first.
 * @param {string} market its id
 */
function linesOf(market) {
  return read().lines.filter((line) => line.market === market);
}

/**
 * How many this phone has admitted at a market today.
 * @param {string} market its id
 */
function countOf(market) {
  return read().counts[market] || 0;
}

/** @param {string} id the scan's */
function markReverted(id) {
  const { lines, counts } = read();
  const line = lines.find((one) => one.id === id);
  if (!line || line.state === "reverted") return;
  const less = line.state === "admitted" ? 1 : 0;
  write({
    lines: lines.map((one) => (one.id === id ? { ...one, state: "reverted" } : one)),
    counts: { ...counts, [line.market]: Math.max(0, (counts[line.market] || 0) - less) },
  });
}

module.exports = { add, linesOf, countOf, markReverted, follow: changes.follow };
