// @ts-check
// What a page shows may be old though the network is there: the server was too busy to answer its
// last read. Each read says how it fared, and the bar at the top of the page tells.

const { createSignal } = require("./signal");

/** The page that shows what could not be read again, by address. @typedef {ReadonlyMap<string, string>} Behind */

const behind = createSignal(/** @type {Behind} */ (new Map()));

/** The page on the screen, such as pages/home/home. */
function pageOnTop() {
  const pages = getCurrentPages();
  return pages.length ? pages[pages.length - 1].route : "";
}

/**
 * @param {string} place the read's address
 * @param {boolean} answered
 * @param {string} page that shows it
 */
function reportRead(place, answered, page) {
  const now = new Map(behind.get());
  if (answered && !now.delete(place)) return;
  if (!answered) now.set(place, page);
  behind.set(now);
}

/**
 * Whether something on the page is behind.
 * @param {string} page
 */
function isBehind(page) {
  return [...behind.get().values()].includes(page);
}

module.exports = { follow: behind.follow, isBehind, pageOnTop, reportRead };
