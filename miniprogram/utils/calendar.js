// @ts-check
// A month as weeks of days, Monday first.

const { dayKey } = require("./time");

const DAY_MS = 24 * 3600 * 1000;

/**
 * @typedef {object} Day
 * @property {string} key "2026-07-12"
 * @property {number} day of the month
 * @property {number} count activities that day
 * @property {boolean} inMonth
 * @property {boolean} today
 * @property {string} label for screen readers
 */

/** @typedef {{key: string, days: Day[]}} Week */

/**
 * The month some months away from this one.
 * @param {number} offset 0 for this month
 * @param {number} [now]
 * @returns {{title: string, first: string, last: string}} its name, first and last day
 */
function monthAt(offset, now = Date.now()) {
  const [year, month] = dayKey(now).split("-").map(Number);
  const first = new Date(Date.UTC(year, month - 1 + offset, 1));
  const last = new Date(Date.UTC(year, month + offset, 0));
  return {
    title: `${first.getUTCFullYear()}年${first.getUTCMonth() + 1}月`,
    first: first.toISOString().slice(0, 10),
    last: last.toISOString().slice(0, 10),
  };
}

/**
 * @param {{first: string, last: string}} month
 * @param {Map<string, number>} counts activities by day
 * @param {number} [now]
 * @returns {Week[]}
 */
function weeksOf(month, counts, now = Date.now()) {
  const first = new Date(month.first);
  const beforeMonday = (first.getUTCDay() + 6) % 7;
  /** @type {Week[]} */
  const weeks = [];
  let at = first.getTime() - beforeMonday * DAY_MS;
  while (at <= Date.parse(month.last)) {
    const week = [];
    for (let index = 0; index < 7; index += 1, at += DAY_MS) {
      week.push(dayOf(new Date(at), month, counts, now));
    }
    weeks.push({ key: week[0].key, days: week });
  }
  return weeks;
}

/**
 * @param {Date} date
 * @param {{first: string, last: string}} month
 * @param {Map<string, number>} counts
 * @param {number} now
 * @returns {Day}
 */
function dayOf(date, month, counts, now) {
  const key = date.toISOString().slice(0, 10);
  const count = counts.get(key) || 0;
  const words = `${date.getUTCMonth() + 1}月${date.getUTCDate()}日`;
  return {
    key,
    day: date.getUTCDate(),
    count,
    inMonth: key >= month.first && key <= month.last,
    today: key === dayKey(now),
    label: count ? `${words}，${count} 场活动` : `${words}，没有活动`,
  };
}

module.exports = { monthAt, weeksOf };
