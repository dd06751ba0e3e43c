// @ts-check
// What a page shows may be old though the network is there: the server was too busy to answer its
// last read. Each read says how it fared, and the bar at the top of the page tells. Of one address
// the last read counts, whichever part of it was asked for: a list that is read anew is not behind
// for a next part that failed before.

const { createSignal } = require("./signal");

/** An open page; or the path of a tab's, which is one and the same whether or not it is on top. @typedef {object | string} Shower */
/** The addresses that could not be read again, by what shows them. @typedef {ReadonlyMap<Shower, ReadonlySet<string>>} Behind */

const behind = createSignal(/** @type {Behind} */ (new Map()));
/** Pages that are gone: what was on its way to them is behind nowhere. @type {WeakSet<object>} */
const gone = new WeakSet();

/** The page on the screen; undefined before the first. */
function pageOnTop() {
  const pages = getCurrentPages();
  return pages[pages.length - 1];
}

/**
 * @param {string} path the read's address, without what is asked of it
 * @param {boolean} answered
 * @param {Shower | undefined} shower what was on the screen when the read began
 */
function reportRead(path, answered, shower) {
  if (!shower || (typeof shower === "object" && gone.has(shower))) return;
  const before = behind.get().get(shower) || new Set();
  if (answered !== before.has(path)) return;
  const paths = new Set(before);
  if (answered) paths.delete(path);
  else paths.add(path);
  behind.set(new Map(behind.get()).set(shower, paths));
}

/**
 * Whether something on the page is behind.
 * @param {{route: string}} page
 */
function isBehind(page) {
  return [page, page.route].some((shower) => behind.get().get(shower)?.size);
}

/**
 * What the page has read so far is of no account any more: it shows something else.
 * @param {object} page
 */
function startAnew(page) {
  const now = new Map(behind.get());
  if (now.delete(page)) behind.set(now);
}

/** The page is closed. @param {object} page */
function forget(page) {
  gone.add(page);
  startAnew(page);
}

module.exports = { follow: behind.follow, forget, isBehind, pageOnTop, reportRead, startAnew };
