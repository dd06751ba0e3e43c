// @ts-check
// This phone's scans at a market in the words that the pages show: counts, waiting, refused, last.

const outbox = require("../../../utils/outbox");
const { clock, clockToSecond } = require("../../../utils/time");
const { questionIn } = require("../api/residents");
const { KIND, deviceId } = require("../api/scans");
const scanLog = require("./scan-log");
const { answerWords, questionWays, questionWords } = require("./scan-words");

/** Only the last ones can be undone here: older ones are the organiser's to look into. */
const UNDOABLE = 5;

/** @type {Record<import("./scan-log").Line["state"], {text: string, tone: string}>} */
const BADGES = {
  admitted: { text: "已签到", tone: "good" },
  left: { text: "已签退", tone: "good" },
  known: { text: "签过了", tone: "warn" },
  gone: { text: "签退过了", tone: "warn" },
  back: { text: "回来了", tone: "good" },
  refused: { text: "没成功", tone: "bad" },
  reverted: { text: "已撤销", tone: "plain" },
};

/** @param {string} market its id */
function scanBook(market) {
  // Of every market: what this phone still has to settle does not depend on where it is now.
  const waiting = outbox.unanswered(KIND);
  const refused = outbox.refused().filter(({ kind }) => kind === KIND);
  const lines = scanLog.linesOf(market);
  const undoable = lines.filter(isUndoable).slice(0, UNDOABLE).map(({ id }) => id);
  const times = timesOf(lines);
  return {
    count: scanLog.countOf(market),
    waiting: waiting.map(entryWords),
    refused: refused.map((entry) => ({
      ...entryWords(entry),
      reason: reasonWords(entry),
      ways: questionWays(questionIn(entry.problem)),
    })),
    lines: lines.map((line, index) => ({
      ...line,
      time: times[index],
      badge: BADGES[line.state],
      canUndo: undoable.includes(line.id),
    })),
  };
}

/**
 * When each was scanned: to the second where nothing else tells two apart.
 * @param {import("./scan-log").Line[]} lines
 */
function timesOf(lines) {
  const seen = lines.map(({ at, who, tells = "" }) => `${clock(at)} ${who} ${tells}`);
  return lines.map(({ at }, index) => {
    const alone = seen.indexOf(seen[index]) === seen.lastIndexOf(seen[index]);
    return alone ? clock(at) : clockToSecond(at);
  });
}

/** @param {import("./scan-log").Line} line */
function isUndoable({ state }) {
  return state === "admitted" || state === "left";
}

/** @param {import("../../../utils/outbox").Entry} entry */
function entryWords({ key, title, at }) {
  return { key, title, time: clock(at) };
}

/**
 * The server's own sentence speaks to the resident.
 * @param {import("../../../utils/outbox").Entry} entry
 */
function reasonWords({ refused, problem, answer, body }) {
  const question = questionIn(problem);
  if (question) {
    const { title, text } = questionWords(question, /** @type {any} */ (body).guest.name);
    return `${text}。${title}`;
  }
  if (!answer) return refused;
  const { title, text } = answerWords(answer, deviceId(), "resident_code" in body);
  return `${title}。${text}`;
}

/**
 * Call `follower` now and whenever the book may have changed.
 * @param {() => void} follower
 * @returns {() => void} stops it
 */
function followBook(follower) {
  const stops = [outbox.follow(follower), scanLog.follow(follower)];
  return () => stops.forEach((stop) => stop());
}

module.exports = { scanBook, followBook };
