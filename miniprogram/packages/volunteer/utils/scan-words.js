// @ts-check
// What the volunteer's screen says of a scan (docs/rules/look-and-words.md, On a volunteer's
// phone): green, amber or red, with the reason in plain words and the next step.

const { ApiError, sentenceOf } = require("../../../api/errors");
const { clock } = require("../../../utils/time");
const { doneWords, placesAmong, tellsWords } = require("./person-words");

/** @typedef {import("../../../api/types").ScanAnswer} ScanAnswer */
/** @typedef {import("../api/residents").Found} Found */
/** @typedef {import("../api/residents").Question} Question */
/** @typedef {import("../api/scans").Direction} Direction */
/**
 * @typedef {object} Answer
 * @property {"good" | "warn" | "bad" | "plain"} tone
 * @property {string} icon
 * @property {string} title
 * @property {string} text the reason or the next step
 * @property {boolean} stays whether it waits to be read, instead of making way for the next scan
 */

const MINUTE_S = 60;

/** @type {Answer} */
const CHECKING = { tone: "plain", icon: "clock", title: "正在核验", text: "", stays: true };

/** @type {Answer} */
const NO_CODE = bad("这不是居民的签到码", "请居民打开「我的」→「我的签到码」再扫，或用手机尾号查找");

/** @type {Answer} */
const SCANNED_BEFORE = {
  tone: "warn", icon: "upload", title: "刚才已经扫过", text: "存在这部手机上，等待上传", stays: false,
};

/** @type {Partial<Record<NonNullable<ScanAnswer["reason"]>, Answer>>} */
const REFUSALS = {
  invalid: NO_CODE,
  not_yet: bad("还没到签到时间", "集市开始前后才能签到；要提前开始，请组织者开放集市"),
  cancelled: bad("这场集市取消了", "请点「换集市」，看看是不是选错了"),
  revoked: bad("这个码已经停用", "请居民重新打开「我的签到码」再扫"),
  blocked: bad("这位暂时不能签到", "请带到服务台，由组织者处理"),
};
const CODE_EXPIRED = bad("码已经过期", "截图和旧码不能用。请居民重新打开「我的签到码」再扫");
const MARKET_OVER = bad("签到已经结束", "请问组织者；选错了集市请点「换集市」");
const NOT_HERE = bad("今天还没有签到", "没有签到就不用签退");

/**
 * @param {string} title
 * @param {string} text
 * @returns {Answer}
 */
function bad(title, text) {
  return { tone: "bad", icon: "alert", title, text, stays: true };
}

/**
 * @param {ScanAnswer} answer
 * @param {string} device this phone's
 * @param {boolean} byCode whether a code was scanned, or somebody found or written in
 * @returns {Answer}
 */
function answerWords(answer, device, byCode) {
  if (answer.verdict === "refused") return refusalWords(answer, byCode);
  const who = nameOf(answer);
  if (answer.returned) {
    return { tone: "good", icon: "check", title: `${who} 欢迎回来`, text: "签退过，现在又算在场", stays: false };
  }
  if (answer.verdict === "already_checked_in") {
    return answer.direction === "exit"
      ? leftWords(who, answer.attendance)
      : knownWords(who, answer.attendance, device);
  }
  const title = answer.direction === "exit" ? `${who} 已签退` : `${who} 签到成功`;
  return { tone: "good", icon: "check", title, text: "", stays: false };
}

/**
 * @param {string} who
 * @param {ScanAnswer["attendance"]} attendance
 * @param {string} device
 * @returns {Answer}
 */
function knownWords(who, attendance, device) {
  const at = attendance ? ` ${clock(attendance.attended_at)}` : "";
  return { tone: "warn", icon: "clock", title: `${who}${at} 已签到`, text: whereWords(attendance, device), stays: false };
}

/**
 * Who is scanned as leaving once more.
 * @param {string} who
 * @param {ScanAnswer["attendance"]} attendance
 * @returns {Answer}
 */
function leftWords(who, attendance) {
  const at = attendance && attendance.left_at ? ` ${clock(attendance.left_at)}` : "";
  return { tone: "warn", icon: "clock", title: `${who}${at} 已经签退过了`, text: "不用再签退", stays: false };
}

/**
 * @param {ScanAnswer["attendance"]} attendance
 * @param {string} device
 */
function whereWords(attendance, device) {
  if (!attendance || !attendance.device_id) return "不用再签，请进";
  return attendance.device_id === device ? "在这部手机上签的，不用再签" : "在同事的手机上签的，不用再签";
}

/**
 * The server refuses an old code and a market that is over with the same word; it knows whose code
 * it is only when the code is good.
 * @param {ScanAnswer} answer
 * @param {boolean} byCode
 * @returns {Answer}
 */
function refusalWords({ reason, resident, direction, message }, byCode) {
  if (reason === "expired") return resident || !byCode ? MARKET_OVER : CODE_EXPIRED;
  if (reason === "invalid" && resident && direction === "exit") return NOT_HERE;
  return (reason && REFUSALS[reason]) || bad("没有签到", message);
}

/**
 * The network is away. Nobody has judged this scan yet, and the screen does not pretend so.
 * @param {boolean} byCode
 * @returns {Answer}
 */
function keptWords(byCode) {
  return {
    tone: "warn",
    icon: "upload",
    title: "已保存，还没核验",
    text: byCode
      ? "联网后自动上传，按现在的时间核验、签到。旧码和截图到时会不通过：请记下是谁，到时好补签"
      : "存在这部手机上，联网后自动上传，按现在的时间核验、签到",
    stays: byCode,
  };
}

/**
 * @param {unknown} error
 * @returns {Answer}
 */
function errorWords(error) {
  const next = error instanceof ApiError && error.status === 403
    ? "请组织者为您开通这场集市的志愿者权限"
    : "请再试一次；还不行请找组织者";
  return bad(sentenceOf(error), next);
}

/**
 * Only who stands before them can tell.
 * @param {Question} question
 * @param {string} name whom the volunteer has written in: all that is known of who waits here
 * @returns {Answer}
 */
function questionWords({ by, people }, name) {
  const [first] = people;
  const asked = { tone: /** @type {"warn"} */ ("warn"), icon: "users", stays: true };
  if (by === "name") {
    const many = people.length > 1 ? ` ${people.length} 位` : "一位";
    const when = first.checked_in_at ? clock(first.checked_in_at) : doneWords(first);
    const at = people.length > 1 ? "" : `（${when}）`;
    const known = first.display_name || name;
    return { ...asked, title: "是同一位吗？", text: `今天已有${many}「${known}」${at}` };
  }
  return {
    ...asked,
    title: "是同一人，还是家人？",
    text: `${first.phone} 登记过 ${people.map(({ display_name: who }) => who).join("、")}`,
  };
}

/**
 * The one whom this phone has kept is not written in again.
 * @param {string} name
 * @returns {Answer}
 */
function writtenWords(name) {
  return { tone: "warn", icon: "clock", title: `${name} 已登记`, text: "刚才登记过，不用再登", stays: false };
}

/** What answers the question: one of those people, or somebody else. */
const SOMEBODY_ELSE = "";
/** @type {true} */
const ANOTHER = true;

/**
 * Who is meant, by the answer.
 * @template {{name?: string}} Guest
 * @param {string} way
 * @param {Guest} guest whom was written in
 */
function meantBy(way, guest) {
  return way === SOMEBODY_ELSE ? { guest: { ...guest, another: ANOTHER } } : { resident_id: way };
}

/**
 * One tap each way.
 * @param {Question | null} question
 */
function questionWays(question) {
  if (!question) return [];
  const { by, people } = question;
  const other = by === "name" ? "不是，另外登记" : "家人，另外登记";
  const words = people.map((person) => sameWords(question, person));
  const which = placesAmong(words);
  return [
    ...people.map(({ id }, index) => ({
      key: id, words: words[index] + (which[index] && `（${which[index]}）`),
    })),
    { key: SOMEBODY_ELSE, words: other },
  ];
}

/**
 * @param {Question} question
 * @param {Found} person
 */
function sameWords({ by, people }, person) {
  const done = [doneWords(person), by === "name" && tellsWords(person)].filter(Boolean).join(" · ");
  if (by === "number") return `同一人：${person.display_name}${done && `（${done}）`}`;
  return people.length > 1 ? `是这位：${done}` : "是同一位";
}

/** @param {ScanAnswer} answer */
function nameOf({ resident }) {
  return resident ? resident.display_name : "来宾";
}

/**
 * @param {ScanAnswer} answer
 * @returns {import("./scan-log").Line["state"]}
 */
function stateOf({ verdict, direction, returned }) {
  if (verdict === "refused") return "refused";
  if (returned) return "back";
  if (verdict === "already_checked_in") return direction === "exit" ? "gone" : "known";
  return direction === "exit" ? "left" : "admitted";
}

/**
 * The server corrects a wrong clock; one that somebody puts right between a scan and its upload
 * spoils the time of that scan.
 * @param {number | null} seconds by which it is behind
 */
function driftWords(seconds) {
  if (!seconds) return "";
  const minutes = Math.round(Math.abs(seconds) / MINUTE_S);
  return `这部手机的时间${seconds > 0 ? "慢" : "快"}了 ${minutes} 分钟，请在手机设置里打开「自动设置时间」`;
}

module.exports = {
  CHECKING, NO_CODE, SCANNED_BEFORE, bad, answerWords, keptWords, errorWords,
  questionWords, questionWays, writtenWords, meantBy, nameOf, stateOf, driftWords,
};
