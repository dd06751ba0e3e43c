// @ts-check
// A page's list of what is one's own and the family's, read part by part, the one way for each. The page's data begins with
// `UNREAD`; it calls `refresh` in onShow, `more` in onReachBottom, `retry` where its error-state asks.

const { sentenceOf } = require("../api/errors");
const { knowFamily } = require("../api/me");

/** What the page shows instead of a list that is not there, and whether there is more of it. */
const UNREAD = { loading: true, error: "", hasMore: false };

/** @typedef {{setData: (data: Partial<typeof UNREAD>) => void}} ListPage */

/**
 * @template T, Beside
 * @param {ListPage} page
 * @param {object} options
 * @param {(query: {cursor?: string}) => Promise<import("../api/types").Page<T>>} options.read
 * @param {() => Promise<Beside>} options.readBeside what else has to be known to show it
 * @param {(items: T[], beside: Beside) => void} options.show all that has been read
 * @param {boolean} [options.namesFamily] whether it says whose each is
 */
function createList(page, { read, readBeside, show, namesFamily = true }) {
  /** @type {T[]} */
  let items = [];
  /** @type {string | null} */
  let cursor = null;
  let reading = false;
  /** Counts what was asked: only the last answer is shown. */
  let turn = 0;

  /** Begin anew with the first part; what is shown stays where that fails. */
  async function refresh() {
    await add([], {});
  }

  /** One more part, where there is one and nothing is being read. */
  async function more() {
    if (cursor !== null && !reading) await add(items, { cursor });
  }

  /** After a failure that the page has told. */
  async function retry() {
    page.setData({ loading: true, error: "" });
    await refresh();
  }

  /**
   * @param {T[]} before
   * @param {{cursor?: string}} query
   */
  async function add(before, query) {
    turn += 1;
    const mine = turn;
    reading = true;
    try {
      const [part, beside] = await Promise.all([read(query), readBeside(), namesFamily && knowFamily()]);
      if (mine !== turn) return;
      items = before.concat(part.items);
      cursor = part.next_cursor;
      show(items, beside);
      page.setData({ loading: false, error: "", hasMore: cursor !== null });
    } catch (error) {
      if (mine === turn && !items.length) page.setData({ loading: false, error: sentenceOf(error) });
    } finally {
      if (mine === turn) reading = false;
    }
  }

  return { refresh, more, retry };
}

module.exports = { UNREAD, createList };
