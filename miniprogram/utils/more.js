// @ts-check

/**
 * @template T
 * @typedef {object} List
 * @property {() => Promise<T[]>} first begin anew; the first page
 * @property {() => Promise<T[]>} more all that has been read, with one more page where there is one
 * @property {() => boolean} hasMore
 */

/**
 * A list read page by page.
 * @template T
 * @param {(query: {cursor?: string}) => Promise<import("../api/types").Page<T>>} readPage
 * @returns {List<T>}
 */
function createList(readPage) {
  /** @type {T[]} */
  let items = [];
  /** @type {string | null} */
  let cursor = null;

  async function first() {
    const page = await readPage({});
    items = page.items;
    cursor = page.next_cursor;
    return items;
  }

  async function more() {
    if (!cursor) return items;
    const page = await readPage({ cursor });
    items = items.concat(page.items);
    cursor = page.next_cursor;
    return items;
  }

  return { first, more, hasMore: () => cursor !== null };
}

module.exports = { createList };
