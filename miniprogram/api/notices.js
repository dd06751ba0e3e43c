// @ts-check
const { read, write } = require("./request");

/**
 * What I was told, the newest first.
 * @param {{cursor?: string}} [query]
 * @returns {Promise<import("./types").Page<import("./types").Notice>>}
 */
function listNotices(query = {}) {
  return read("/me/notices", { query, login: true });
}

/**
 * How many of them I have not read, for polling: one try.
 * @returns {Promise<number>}
 */
async function countUnread() {
  const { unread } = await read("/me/notices/count", {
    login: true, cached: true, attempts: 1, shownOn: "pages/mine/mine",
  });
  return unread;
}

/**
 * I have read this one; again is no harm.
 * @param {string} id
 */
function markRead(id) {
  return write("POST", "/me/notices/read", { ids: [id] });
}

/** I have read all of them. */
function markAllRead() {
  return write("POST", "/me/notices/read", { all: true });
}

module.exports = { listNotices, countUnread, markRead, markAllRead };
