// @ts-check
// Notices as the page 消息 shows them, and where each leads.

const { clock, dayKey, dayWords } = require("./time");

/** @typedef {import("../api/types").Notice} Notice */

/** What holds for a number, which ends with its day. @type {Set<Notice["kind"]>} */
const OF_THE_DAY = new Set(["number_near", "called", "passed_over"]);

/** As in app.json: they are gone to in another way, and take no query. */
const TABS = ["/pages/home/home", "/pages/number/number", "/pages/mine/mine"];

/**
 * By days, in the order in which they are given.
 * @param {Notice[]} notices the newest first
 */
function noticeDays(notices) {
  const keys = [...new Set(notices.map(({ created_at: at }) => dayKey(at)))];
  return keys.map((key) => ({
    key,
    day: dayWords(key),
    notices: notices.filter(({ created_at: at }) => dayKey(at) === key).map(noticeWords),
  }));
}

/** @param {Notice} notice */
function noticeWords({ id, kind, title, text, page, created_at: at, read_at: read }) {
  const over = OF_THE_DAY.has(kind) && dayKey(at) < dayKey(Date.now());
  return { id, title, text, time: clock(at), unread: read === null, over, leads: page !== "" };
}

/**
 * Go where a notice is about. A page that this version does not have is not gone to: the notice
 * says the whole in its own words.
 * @param {string} page with its query; empty for nowhere
 */
function openPage(page) {
  const [path] = page.split("?");
  const fail = () => undefined;
  if (TABS.includes(path)) wx.switchTab({ url: path, fail });
  else if (page) wx.navigateTo({ url: page, fail });
}

module.exports = { noticeDays, openPage };
