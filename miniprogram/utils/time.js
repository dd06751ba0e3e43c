// @ts-check
// Times in the words a resident uses, always in Shanghai's time whatever the phone is set to.
// Not with Intl: some phones' engines don't know time zones.

const SHANGHAI_MS = 8 * 3600 * 1000;
const DAY_MS = 24 * 3600 * 1000;
/** What lasts no longer is one day to those who come, though it may run past midnight. */
const ONE_SITTING_MS = 12 * 3600 * 1000;
const WEEKDAYS = ["周日", "周一", "周二", "周三", "周四", "周五", "周六"];
const NEAR_DAYS = new Map([
  [-1, "昨天"],
  [0, "今天"],
  [1, "明天"],
  [2, "后天"],
]);

/**
 * A date whose UTC fields are Shanghai's.
 * @param {string | number | Date} instant
 */
function shanghai(instant) {
  return new Date(new Date(instant).getTime() + SHANGHAI_MS);
}

/** @param {number} number */
function twoDigits(number) {
  return String(number).padStart(2, "0");
}

/**
 * The day as "2026-07-12".
 * @param {string | number | Date} instant
 */
function dayKey(instant) {
  return shanghai(instant).toISOString().slice(0, 10);
}

/**
 * Whole days from one day to another.
 * @param {string} from "2026-07-11"
 * @param {string} to "2026-07-12"
 */
function daysBetween(from, to) {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
}

/**
 * "9:05"
 * @param {string | number | Date} instant
 */
function clock(instant) {
  const time = shanghai(instant);
  return `${time.getUTCHours()}:${twoDigits(time.getUTCMinutes())}`;
}

/**
 * "9:05:07"
 * @param {string | number | Date} instant
 */
function clockToSecond(instant) {
  return `${clock(instant)}:${twoDigits(shanghai(instant).getUTCSeconds())}`;
}

/**
 * "今天", "明天", "7月12日 周六"; with the year where it is another one.
 * @param {string} key "2026-07-12"
 * @param {number} [now]
 */
function dayWords(key, now = Date.now()) {
  const today = dayKey(now);
  return NEAR_DAYS.get(daysBetween(today, key)) || dateWords(key, now);
}

/**
 * "7月12日 周六", also where that is today: for what is read on another day. With the year where it is
 * another one.
 * @param {string} key "2026-07-12"
 * @param {number} [now]
 */
function dateWords(key, now = Date.now()) {
  const day = new Date(key);
  const date = `${day.getUTCMonth() + 1}月${day.getUTCDate()}日 ${WEEKDAYS[day.getUTCDay()]}`;
  return key.slice(0, 4) === dayKey(now).slice(0, 4) ? date : `${key.slice(0, 4)}年${date}`;
}

/**
 * "7月12日 周六 9:00–11:30", or both days where they differ: for what is read on another day.
 * @param {string} start
 * @param {string} end
 * @param {number} [now]
 */
function spanWords(start, end, now = Date.now()) {
  const first = dayKey(start);
  const last = dayKey(Date.parse(end) - 1);
  if (first !== last) return `${dateWords(first, now)}–${dateWords(last, now)}`;
  return `${dateWords(first, now)} ${clock(start)}–${clock(end)}`;
}

/**
 * "今天 9:00"
 * @param {string | number | Date} instant
 * @param {number} [now]
 */
function momentWords(instant, now = Date.now()) {
  return `${dayWords(dayKey(instant), now)} ${clock(instant)}`;
}

/**
 * "今天 9:00–11:30", or both days where they differ.
 * @param {string} start
 * @param {string} end
 * @param {number} [now]
 */
function rangeWords(start, end, now = Date.now()) {
  const sameDay = dayKey(start) === dayKey(end);
  return `${momentWords(start, now)}–${sameDay ? clock(end) : momentWords(end, now)}`;
}

/**
 * When something is open: "今天 9:00–11:30"; of several days the hours of today, or before it
 * begins those of each day: "12月5日 周六–12月7日 周一，每天 9:00–16:00".
 * @param {string} start
 * @param {string} end
 * @param {number} [now]
 */
function openWords(start, end, now = Date.now()) {
  const first = dayKey(start);
  const last = dayKey(Date.parse(end) - 1);
  const oneSitting = Date.parse(end) - Date.parse(start) <= ONE_SITTING_MS;
  // Where it ends earlier in the day than it begins, nothing tells the hours of the days between.
  if (first === last || oneSitting || clockKey(end) <= clockKey(start)) return rangeWords(start, end, now);
  const hours = `${clock(start)}–${clock(end)}`;
  const today = dayKey(now);
  if (today < first || today > last) {
    return `${dayWords(first, now)}–${dayWords(last, now)}，每天 ${hours}`;
  }
  const until = today === last ? "最后一天" : `${dayWords(last, now)}结束`;
  return `今天 ${hours}，${until}`;
}

/**
 * The instant, in ms, at which it is as late in the day as at another one.
 * @param {string} key "2026-07-12"
 * @param {string} instant
 */
function sameTimeOn(key, instant) {
  return Date.parse(instant) + daysBetween(dayKey(instant), key) * DAY_MS;
}

/** @param {string} instant */
function clockKey(instant) {
  return shanghai(instant).toISOString().slice(11);
}

/**
 * "约 10–15 分钟", "5 分钟以内"
 * @param {{low: number, high: number} | null} estimate
 */
function waitWords(estimate) {
  if (!estimate || estimate.high === 0) return "马上就到";
  const { low, high } = estimate;
  if (low === 0) return `${high} 分钟以内`;
  return low === high ? `约 ${high} 分钟` : `约 ${low}–${high} 分钟`;
}

module.exports = {
  WEEKDAYS, clock, clockToSecond, dateWords, dayKey, dayWords, daysBetween, momentWords, openWords,
  rangeWords, sameTimeOn, spanWords, waitWords,
};
