// @ts-check
// What is stored about a person (GET /me/export), section by section in plain words.

const { dayKey, dayWords, momentWords } = require("./time");

/** @typedef {Record<string, any>} Row */
/** @typedef {{title: string, lines: {key: number, text: string}[]}} Section */

/** @type {{name: string, title: string, line: (row: Row) => string}[]} */
const SECTIONS = [
  { name: "people", title: "我和家人的资料", line: personLine },
  { name: "bookings", title: "报名和取号", line: bookingLine },
  { name: "attendances", title: "签到", line: (row) => `${row.title}，${momentWords(row.attended_at)}` },
  { name: "ratings", title: "评价", line: ratingLine },
  { name: "notices", title: "收到的消息", line: ({ at, title, text }) => `${momentWords(at)} ${title}：${text}` },
  { name: "consents", title: "同意过的事项", line: consentLine },
  { name: "roles", title: "角色", line: (row) => ROLES[row.role] || row.role },
  { name: "sessions", title: "登录记录", line: (row) => `${momentWords(row.created_at)} 登录` },
];

/**
 * @param {Record<string, any>} stored
 * @returns {Section[]}
 */
function exportSections(stored) {
  const since = stored.account.created_at;
  const account = section("账号", [`${dayWords(dayKey(since))}开始使用`]);
  const others = SECTIONS.map(({ name, title, line }) => {
    const rows = /** @type {Row[]} */ (stored[name] || []);
    return section(`${title}（${rows.length} 条）`, rows.map(line));
  });
  return [account, ...others];
}

/**
 * @param {string} title
 * @param {string[]} texts
 * @returns {Section}
 */
function section(title, texts) {
  return { title, lines: texts.map((text, key) => ({ key, text })) };
}

/** @param {Row} person */
function personLine({ name, relation, birth_year: year, phone }) {
  const facts = [name || "没有填写姓名", relation, year && `${year} 年生`, phone && maskPhone(phone)];
  return facts.filter(Boolean).join(" · ");
}

/** On the screen others may look; the copy has it whole. @param {string} phone */
function maskPhone(phone) {
  return `${phone.slice(0, 3)}****${phone.slice(-4)}`;
}

/** @param {Row} booking */
function bookingLine({ activity, service, ticket, service_on: on, state }) {
  return [`${service} ${ticket} 号`, activity, dayWords(on), ENDED[state]].filter(Boolean).join("，");
}

/** @param {Row} rating */
function ratingLine({ score, comment, photos, created_at: at }) {
  const sent = photos.length ? `，照片 ${photos.length} 张` : "";
  return `${score} 分${comment ? `，「${comment}」` : ""}${sent}，${momentWords(at)}`;
}

/** @param {Row} consent */
function consentLine({ purpose, version, given_at: at, withdrawn_at: withdrawn }) {
  const end = withdrawn ? `，${momentWords(withdrawn)} 撤回` : "";
  return `${PURPOSES[purpose] || purpose}（${version} 版），${momentWords(at)} 同意${end}`;
}

/** What became of a number that came to nothing. @type {Record<string, string>} */
const ENDED = { cancelled: "已取消", expired: "已失效", no_show: "没有到场" };

/** @type {Record<string, string>} */
const ROLES = {
  volunteer: "志愿者",
  partner: "合伙人",
  organiser: "组织者",
  admin: "管理员",
  auditor: "审计员",
};

/** @type {Record<string, string>} */
const PURPOSES = {
  privacy: "隐私保护指引",
  phone: "使用手机号",
  special_needs: "使用特殊需求信息",
  guardian: "作为监护人记录孩子的信息",
};

module.exports = { exportSections };
