// @ts-check
// What tells people of one name apart, and what each has done here today.

const { clock } = require("../../../utils/time");

/** @typedef {import("../api/residents").Found} Found */

/** What became of a number, where it was not simply given. @type {Record<string, string>} */
const HELD = { confirmed: "已约", served: "已办" };

/**
 * Whose number or whose family it is: "138****1234 · 王*英的妈妈"; empty where nothing is known.
 * @param {{phone?: string | null, relation?: string | null}} person
 */
function tellsWords({ phone, relation }) {
  return [phone, relation].filter(Boolean).join(" · ");
}

/**
 * "已签到 9:05，已取 A012 义诊"; empty for who has done nothing yet.
 * @param {Found} person
 */
function doneWords({ checked_in_at: came, left_at: left, tickets = [] }) {
  const visit = left ? `已签退 ${clock(left)}` : came ? `已签到 ${clock(came)}` : "";
  return [visit, ...tickets.map(ticketWords)].filter(Boolean).join("，");
}

/** @param {import("../api/residents").Ticket} ticket */
function ticketWords({ ticket, state, offering_title: title }) {
  return `${HELD[state] || "已取"} ${ticket} ${title}`;
}

/** @param {Found} person */
function foundWords(person) {
  return { ...person, tells: tellsWords(person), done: doneWords(person) };
}

/**
 * Those who were found, no two in the same words.
 * @param {Found[]} people
 */
function foundPeople(people) {
  const found = people.map(foundWords);
  const which = placesAmong(found.map(({ display_name: name, tells, done }) => `${name} ${tells} ${done}`));
  return found.map((one, index) => ({
    ...one, tells: [one.tells, which[index]].filter(Boolean).join(" · "),
  }));
}

/**
 * "第 2 位" for each that another one reads like; empty for who stands alone.
 * @param {string[]} words
 */
function placesAmong(words) {
  return words.map((one, index) => {
    if (words.indexOf(one) === words.lastIndexOf(one)) return "";
    return `第 ${words.slice(0, index + 1).filter((other) => other === one).length} 位`;
  });
}

module.exports = { tellsWords, doneWords, foundWords, foundPeople, placesAmong };
