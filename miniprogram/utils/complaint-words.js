// @ts-check
// What becomes of a complaint, step by step: 已受理 → 整改 → 回访 → 办结, round after round.

const { dateWords, dayKey, momentWords } = require("./time");

/** @typedef {import("../api/types").Complaint} Complaint */
/** @typedef {import("../api/types").Rating} Rating */
/** @typedef {Complaint | Complaint["rounds"][number]} Round */
/**
 * @typedef {object} Step
 * @property {string} key
 * @property {string} title
 * @property {string} when empty for what is still to come
 * @property {string} words
 * @property {boolean} mine whether the words are the resident's own
 */

/**
 * How far it has come, in a few words.
 * @param {Complaint} complaint
 */
function stageWords(complaint) {
  if (complaint.state === "closed") return complaint.unsolved_reason ? "没能解决，已办结" : "已办结";
  if (complaint.state === "called_back") return complaint.resident_satisfied ? "已回访" : "已回访，再处理";
  if (complaint.state === "replied") return "有答复了";
  return complaint.rounds.length ? "重新办理中" : "已受理";
}

/**
 * Whether a complaint is called back: unless they have said no.
 * @param {boolean | null} mayCall as the server has it; null where that was not asked
 */
function isCalledBack(mayCall) {
  return mayCall !== false;
}

/**
 * All steps, the oldest first, with what is still to come.
 * @param {Complaint} complaint
 * @param {boolean | null} mayCall whether the resident wants to be called back
 * @returns {Step[]}
 */
function steps(complaint, mayCall) {
  const due = `${dateWords(dayKey(Date.parse(complaint.due_at) - 1))}前答复您`;
  const over = complaint.rounds.flatMap((round, index) => [...done(round, `${index}`), ended(round, `${index}`)]);
  const now = done(complaint, "now");
  return [
    step("received", "已受理", complaint.opened_at, ""),
    ...over,
    ...now,
    ...toCome(complaint, mayCall, due),
  ];
}

/**
 * What was done in a round.
 * @param {Round} round
 * @param {string} key
 */
function done(round, key) {
  const said = round.resident_satisfied ? "记录为：认可整改" : "记录为：仍不满意";
  const unsolved = round.unsolved_reason ? `没能解决，很抱歉。原因：${round.unsolved_reason}` : "";
  return [
    ...(round.replied_at ? [step(`${key}-reply`, "整改", round.replied_at, round.reply || "")] : []),
    ...(round.called_back_at ? [step(`${key}-call`, "回访", round.called_back_at, said)] : []),
    ...(round.closed_at ? [step(`${key}-close`, "办结", round.closed_at, unsolved)] : []),
  ];
}

/**
 * How a round ended.
 * @param {Complaint["rounds"][number]} round
 * @param {string} key
 */
function ended(round, key) {
  if (round.words === null) return step(`${key}-again`, "再处理", round.ended_at, "");
  return { ...step(`${key}-again`, "您说还没解决", round.ended_at, round.words), mine: true };
}

/**
 * @param {Complaint} complaint
 * @param {boolean | null} mayCall
 * @param {string} due
 */
function toCome(complaint, mayCall, due) {
  const left = { open: 0, replied: 1, called_back: 2, closed: 3 }[complaint.state];
  const titles = [["整改", due], ["回访", "会打电话问您是否满意"], ["办结", ""]];
  return titles
    .map(([title, words]) => step(`to-come-${title}`, title, "", words))
    .filter((one, index) => index >= left && (one.title !== "回访" || isCalledBack(mayCall)));
}

/**
 * @param {string} key
 * @param {string} title
 * @param {string} at
 * @param {string} words
 * @returns {Step}
 */
function step(key, title, at, words) {
  return { key, title, when: at && momentWords(at), words, mine: false };
}

module.exports = { isCalledBack, stageWords, steps };
