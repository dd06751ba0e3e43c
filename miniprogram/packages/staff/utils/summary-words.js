// @ts-check
// A market's figures in the words that its organiser reads.

/** @typedef {import("../../../api/types").Activity} Activity */
/** @typedef {import("../../../api/types").Summary} Summary */
/** @typedef {import("../../../api/types").OfferingSummary} OfferingSummary */

/**
 * @param {Summary} summary
 * @param {Activity} activity
 */
function summaryWords(summary, activity) {
  const walkUp = activity.stalls
    .flatMap(({ offerings }) => offerings)
    .filter(({ mode }) => mode === "open")
    .map(({ id }) => id);
  return {
    figures: [
      { label: "签到人次", value: summary.visits },
      { label: "人数", value: summary.people },
      { label: "现在在场", value: summary.inside_now },
      { label: "在排队", value: sum(summary, ({ waiting }) => waiting) },
    ],
    lines: summary.offerings
      .filter(({ offering_id: id }) => !walkUp.includes(id))
      .map(lineWords),
  };
}

/** @param {OfferingSummary} offering */
function lineWords({ offering_id: id, title, stall, waiting, served, mean_wait_minutes: wait }) {
  return {
    id,
    title: `${stall.number} 号摊位 · ${title}`,
    served: `已服务 ${served} 位`,
    wait: waitWords(served, wait),
    waiting,
  };
}

/**
 * @param {number} served
 * @param {number | null} minutes
 */
function waitWords(served, minutes) {
  if (minutes === null) return "还没有叫过号";
  return served ? `平均等候 ${minutes} 分钟` : "还没有服务完";
}

/**
 * What becomes of those who have a number, if the market ends now; the console asks with the same
 * words (`ask_to_close` in backend/activities/words.py).
 * @param {Summary} summary
 */
function closingWords(summary) {
  const left = [
    { words: "等候", count: sum(summary, ({ waiting }) => waiting) },
    { words: "已叫号", count: sum(summary, ({ calling }) => calling) },
    { words: "暂时离开", count: sum(summary, ({ parked }) => parked) },
    { words: "过号", count: sum(summary, ({ missed }) => missed) },
  ];
  const all = left.reduce((total, { count }) => total + count, 0);
  const each = left.map(({ words, count }) => `${words} ${count}`).join("、");
  const booked = sum(summary, ({ booked: count }) => count);
  const serving = sum(summary, ({ serving: count }) => count);
  const parts = [
    all ? `还没办的 ${all} 个号将作废（${each}）；` : "",
    booked ? `没有来的 ${booked} 个预约记为未到场；` : "",
    serving ? `正在服务的 ${serving} 位可以办完；` : "",
    "结束后不能再开。",
  ];
  return parts.join("");
}

/**
 * @param {Summary} summary
 * @param {(offering: OfferingSummary) => number} count
 */
function sum({ offerings }, count) {
  return offerings.reduce((total, offering) => total + count(offering), 0);
}

module.exports = { closingWords, summaryWords };
