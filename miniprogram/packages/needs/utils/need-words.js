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
  { key: "self", title: "给自己" },
  { key: "family", title: "给家人" },
  { key: "neighbours", title: "替邻居" },
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
  evaluated: { title: "已评价", tone: "plain" },
  declined: { title: "没有受理", tone: "bad" },
  closed_unsolved: { title: "没能解决", tone: "bad" },
};

/** @typedef {NonNullable<NonNullable<NeedInFull["mine"]>["verdict"]>} Verdict */

/** @type {{key: Verdict, title: string}[]} */
const VERDICTS = [
  { key: "solved", title: "解决了" },
  { key: "partly", title: "解决了一部分" },
  { key: "not", title: "没解决" },
];

/** One of mine is asked. */
const ASKED = { title: "请您说说解决了没有", tone: "warn" };

/** Nobody asks for it any more. */
const WITHDRAWN = { title: "已撤回", tone: "plain" };

/** How many of what is to come are behind a need already: see `toCome`. */
const PAST = { open: 0, accepted: 1, planned: 2, served: 4, evaluated: 4, declined: 4, closed_unsolved: 4 };

/** While it is on its way: what has ended is asked for anew. */
const ON_ITS_WAY = ["open", "accepted", "planned", "served"];
/** Nothing more comes of it. */
const IN_VAIN = ["declined", "closed_unsolved"];

/** As long as the list shows of one. */
const TITLE_LENGTH = 30;

/**
 * What is written, as it is handed in: its first sentence is its title, and says so where it is cut.
 * @param {{kind: Kind | "", words: string, forWhom: ForWhom, suits: Suits[]}} said
 * @param {string} regionId
 * @returns {NewNeed}
 */
function needOf({ kind, words, forWhom, suits }, regionId) {
  const whole = words.trim();
  const title = cut((whole.match(/^[^。！？\n]+/) || [whole])[0]);
  // But for the mark at its end.
  const isWhole = whole.startsWith(title) && whole.length <= title.length + 1;
  return {
    region_id: regionId,
    title,
    for_whom: forWhom,
    ...(!isWhole && { details: whole }),
    ...(kind && { service_kind: kind }),
    ...(suits.length && { suits }),
  };
}

/**
 * By signs that people see as one each: half an emoji is none.
 * @param {string} sentence
 */
function cut(sentence) {
  const signs = [...sentence];
  return signs.length > TITLE_LENGTH ? `${signs.slice(0, TITLE_LENGTH - 1).join("")}…` : sentence;
}

/**
 * What stands below the title: the details begin with it, mostly, and nobody reads it twice.
 * @param {{title: string, details: string | null}} need
 */
function restOf({ title, details }) {
  const begun = title.replace(/…$/, "");
  if (!details || !details.startsWith(begun)) return details || "";
  const rest = details.slice(begun.length);
  // Between two sentences, or within one.
  return /^[。！？\s]/.test(rest) ? rest.replace(/^[。！？\s]+/, "") : rest && `…${rest}`;
}

/**
 * How many ask for it, or have asked; empty where a clerk has heard of it and nobody has joined.
 * @param {Need} need
 */
function voicesOf({ voices, state }) {
  return voices ? `${voices} 人${ON_ITS_WAY.includes(state) ? "需要" : "提过"}` : "";
}

/** A need in a list, of mine or of everybody's. @param {Need & Partial<NeedInFull>} need */
function needWords(need) {
  const { id, title, region } = need;
  const stage = stageOf(need);
  return { id, title, state: stage.title, tone: stage.tone, voices: voicesOf(need), region: region.name };
}

/** @param {Need & Partial<NeedInFull>} need */
function stageOf({ state, reason_code: reason, own_voices: own = [] }) {
  if (reason === "withdrawn") return WITHDRAWN;
  return state === "served" && own.some(({ verdict }) => !verdict) ? ASKED : STATES[state];
}

/**
 * What has become of it and what is to come, the oldest first.
 * @param {NeedInFull} need
 * @returns {{key: string, title: string, when: string, words: string, icon: string, market: string}[]} market: where it leads, empty for nowhere
 */
function steps(need) {
  const ended = IN_VAIN.includes(need.state) ? need.timeline.length - 1 : -1;
  const past = need.timeline.map(({ at, what, reason, activity_id: market }, index) => ({
    key: `${index}`, title: what, when: momentWords(at), words: reason || "", market: market || "",
    // What needs a reason is no success.
    icon: reason || index === ended ? "info" : "check",
  }));
  return [...past, ...toCome(need)];
}

/** @param {NeedInFull} need */
function toCome(need) {
  const due = dueOf(need);
  return [["社区答复能不能办", due && `${due}前答复`], ["排进集市", "定了时间会告诉您"], ["到集市来办", ""], ["说说解决了没有", "办过以后问提出的人"]]
    .map(([title, words]) => ({ key: `to-come-${title}`, title, when: "", words, icon: "clock", market: "" }))
    .slice(PAST[need.state]);
}

/**
 * What those who asked say, round by round, the last one first.
 * @param {NeedInFull} need
 */
function outcomes({ round, outcome, earlier }) {
  return [{ ...outcome, round }, ...[...earlier].reverse()]
    .filter(({ asked }) => asked)
    .map((one) => ({ key: `${one.round}`, title: earlier.length ? `第 ${one.round} 次办理` : "", words: saidOf(one) }));
}

/** @param {NeedInFull["outcome"]} said */
function saidOf(said) {
  const answers = VERDICTS.filter(({ key }) => said[key]).map(({ key, title }) => `${said[key]} 人说${title}`);
  return `问了 ${said.asked} 人，${said.answered ? `${said.answered} 人回答：${answers.join("，")}` : "还没有人回答"}。`;
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

module.exports = {
  FOR_WHOM, ON_ITS_WAY, IN_VAIN, SUITS, VERDICTS, dueOf, outcomes, needOf, needWords, restOf, steps, whenOf,
};
