// @ts-check
// Needs in plain words: how far one has come, what becomes of it, where to turn where nothing does.

const { dateWords, momentWords } = require("../../../utils/time");

/** @typedef {import("../../../api/types").Need} Need */
/** @typedef {import("../../../api/types").NeedInFull} NeedInFull */
/** @typedef {import("../../../api/types").NewNeed} NewNeed */
/** @typedef {NonNullable<NewNeed["for_whom"]>} ForWhom */
/** @typedef {NonNullable<NewNeed["service_kind"]>} Kind */
/** @typedef {NonNullable<NewNeed["suits"]>[number]} Suits */

/** @type {{key: ForWhom, title: string}[]} */
const FOR_WHOM = [
  { key: "self", title: "我" },
  { key: "family", title: "家人" },
  { key: "neighbours", title: "邻里" },
];

/** @type {{key: Suits, title: string}[]} */
const SUITS = [
  { key: "weekday_morning", title: "工作日上午" },
  { key: "weekday_afternoon", title: "工作日下午" },
  { key: "weekday_evening", title: "工作日晚上" },
  { key: "weekend_morning", title: "周末上午" },
  { key: "weekend_afternoon", title: "周末下午" },
  { key: "weekend_evening", title: "周末晚上" },
];

/** @type {Record<Need["state"], {title: string, tone: string}>} */
const STATES = {
  open: { title: "等社区答复", tone: "warn" },
  accepted: { title: "已受理，等安排", tone: "accent" },
  planned: { title: "已安排", tone: "accent" },
  served: { title: "已服务", tone: "good" },
  evaluated: { title: "已办结", tone: "plain" },
  declined: { title: "没有受理", tone: "bad" },
  closed_unsolved: { title: "没能解决", tone: "bad" },
};

/** Nobody asks for it any more. */
const WITHDRAWN = { title: "已撤回", tone: "plain" };

/** How many of what is to come are behind a need already: see `toCome`. */
const PAST = { open: 0, accepted: 1, planned: 2, served: 3, evaluated: 3, declined: 3, closed_unsolved: 3 };

/** As long as the list shows of one. */
const TITLE_LENGTH = 30;

/**
 * What is written, as it is handed in: its first sentence is its title.
 * @param {{kind: Kind | "", words: string, forWhom: ForWhom, suits: Suits[]}} said
 * @param {string} regionId
 * @returns {NewNeed}
 */
function needOf({ kind, words, forWhom, suits }, regionId) {
  const whole = words.trim();
  const title = (whole.match(/^[^。！？\n]+/) || [whole])[0].slice(0, TITLE_LENGTH);
  return {
    region_id: regionId,
    title,
    for_whom: forWhom,
    ...(whole.length > title.length + 1 && { details: whole }),
    ...(kind && { service_kind: kind }),
    ...(suits.length && { suits }),
  };
}

/**
 * How many ask for it; empty where a clerk has heard of it and nobody has joined.
 * @param {number} voices
 */
function voicesOf(voices) {
  return voices ? `${voices} 人需要` : "";
}

/** A need in a list. @param {Need} need */
function needWords({ id, title, state, reason_code: reason, voices, region }) {
  const stage = reason === "withdrawn" ? WITHDRAWN : STATES[state];
  return { id, title, state: stage.title, tone: stage.tone, voices: voicesOf(voices), region: region.name };
}

/**
 * What has become of it and what is to come, the oldest first.
 * @param {NeedInFull} need
 * @returns {{key: string, title: string, when: string, words: string, market: string}[]} market: where it leads, empty for nowhere
 */
function steps(need) {
  const past = need.timeline.map(({ at, what, reason, activity_id: market }, index) => ({
    key: `${index}`, title: what, when: momentWords(at), words: reason || "", market: market || "",
  }));
  return [...past, ...toCome(need)];
}

/** @param {NeedInFull} need */
function toCome(need) {
  const due = dueOf(need);
  return [["社区答复能不能办", due && `${due}前答复`], ["排进集市", "定了时间会告诉您"], ["到集市来办", ""]]
    .map(([title, words]) => ({ key: `to-come-${title}`, title, when: "", words, market: "" }))
    .slice(PAST[need.state]);
}

/**
 * The last day of the answer, in words; empty where there is none.
 * @param {Need} need
 */
function dueOf({ decide_by: by }) {
  return by ? dateWords(by) : "";
}

/**
 * When it would suit, in a line.
 * @param {Need} need
 */
function whenOf({ suits }) {
  return SUITS.filter(({ key }) => suits.includes(key)).map(({ title }) => title).join("、");
}

module.exports = { FOR_WHOM, SUITS, dueOf, needOf, needWords, steps, whenOf };
