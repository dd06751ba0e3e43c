// @ts-check
// One scan from the press to the words on the screen, the same for codes, searches and write-ins.

const outbox = require("../../../utils/outbox");
const { questionOf } = require("../api/residents");
const { KIND, deviceId, marketOf, sendScan } = require("../api/scans");
const { tellsWords } = require("./person-words");
const scanLog = require("./scan-log");
const {
  answerWords, bad, errorWords, keptWords, meantBy, nameOf, questionWords, stateOf,
} = require("./scan-words");
const { noteWritten } = require("./written-in");

/** What the server refused late is kept until it is settled. */
const IN_RECORDS = "这条已留在「本机签到记录」里，请在那里处理";

/** @typedef {import("../../../api/types").ScanAnswer} ScanAnswer */
/** @typedef {import("./scan-words").Answer} Answer */
/** @typedef {import("../api/residents").Question} Question */
/** @typedef {import("../api/scans").Market} Market */
/** @typedef {import("../api/scans").Whom} Whom */
/** @typedef {import("../api/scans").Direction} Direction */

/**
 * @param {Market} market
 * @param {Whom} whom
 * @param {{who: string, direction: Direction}} about
 * @returns {Promise<{answer: Answer, driftSeconds: number | null, kept: string, question: Question | null}>}
 *   kept: the outbox's key where it waits for the network; question: who may be meant, where
 *   nothing was done before that is answered. Never rejects: whatever went wrong is an answer too
 */
async function checkIn(market, whom, about) {
  try {
    const outcome = await sendScan(market, whom, about);
    noteWritten(market.id, whom);
    const byCode = "resident_code" in whom;
    if (!outcome.sent) {
      return { answer: keptWords(byCode), driftSeconds: null, kept: outcome.key, question: null };
    }
    const { data } = outcome;
    log(market.id, data, Date.now(), false, whom);
    const answer = answerWords(data, deviceId(), byCode);
    return { answer, driftSeconds: data.clock_drift_seconds, kept: "", question: null };
  } catch (error) {
    const question = questionOf(error);
    const answer = question ? questionWords(question, about.who) : errorWords(error);
    return { answer, driftSeconds: null, kept: "", question };
  }
}

/**
 * @param {string} market
 * @param {ScanAnswer} data
 * @param {number} at
 * @param {boolean} late
 * @param {object} whom as the scan says it
 */
function log(market, data, at, late, whom) {
  const words = answerWords(data, deviceId(), "resident_code" in whom);
  const how = "resident_code" in whom ? "扫码" : "guest" in whom ? "登记" : "查找";
  scanLog.add({
    id: data.id, market, at, who: nameOf(data), state: stateOf(data), words: words.title, late,
    tells: [how, whoWords(data.resident)].filter(Boolean).join(" · "),
  });
}

/** @param {ScanAnswer["resident"]} resident */
function whoWords(resident) {
  if (!resident) return "";
  const { phone, relation } = resident;
  return tellsWords({ phone, relation: relation && `家人：${relation}` });
}

/**
 * Say who it was whom the server has asked about late; that was when it was.
 * @param {string} key the outbox's
 * @param {string} way the answer
 * @returns {Promise<Answer | null>} what came of it; null where it has been settled meanwhile
 */
async function answerLate(key, way) {
  const entry = outbox.refused().find((one) => one.key === key);
  if (!entry) return null;
  const { guest, direction, scanned_at: scannedAt } = /** @type {any} */ (entry.body);
  const market = { id: marketOf(entry), title: "" };
  const about = { who: guest.name, direction, scannedAt };
  const { answer } = await checkIn(market, meantBy(way, guest), about);
  if (answer.tone !== "bad") outbox.dismiss(key);
  return answer;
}

/**
 * Call `onAnswer` once, when what waits for the network has been answered, or refused.
 * @param {string} key the outbox's
 * @param {(answer: Answer) => void} onAnswer
 * @returns {() => void} stops waiting for it
 */
function awaitLate(key, onAnswer) {
  const waiting = outbox.unanswered(KIND).find((entry) => entry.key === key);
  const byCode = waiting !== undefined && "resident_code" in waiting.body;
  let over = false;
  /** @type {(() => void)[]} */
  const ends = [];
  function stop() {
    over = true;
    ends.forEach((end) => end());
  }
  /** @param {Answer} answer */
  function tell(answer) {
    if (over) return;
    stop();
    onAnswer(answer);
  }
  ends.push(
    outbox.followDelivered((late) => {
      if (late && late.key === key) tell(answerWords(late.data, deviceId(), byCode));
    }),
    outbox.follow(() => {
      const refused = outbox.refused().find((entry) => entry.key === key);
      if (refused && !refused.answer) tell(bad(refused.refused || "", IN_RECORDS));
    }),
  );
  // It may have been answered by then.
  if (over) stop();
  return stop;
}

/** Move what was answered late into the log, each one. */
function takeLateAnswers() {
  for (const entry of outbox.takeAnswered(KIND)) {
    log(marketOf(entry), entry.answer, entry.at, true, entry.body);
  }
}

/** @param {Answer["tone"]} tone */
function vibrate(tone) {
  if (tone === "bad") wx.vibrateLong();
  else if (tone !== "plain") wx.vibrateShort({ type: tone === "good" ? "medium" : "heavy" });
}

module.exports = { answerLate, awaitLate, checkIn, takeLateAnswers, vibrate };
