// @ts-check
const { read, write, forgetReads } = require("./request");
const session = require("./session");
const { forgetDrafts } = require("../utils/draft");
const familyNames = require("../utils/family-names");
const { forgetToday } = require("../utils/for-today");
const myNumbers = require("../utils/my-numbers");
const outbox = require("../utils/outbox");
const reminders = require("../utils/reminders");

/** @typedef {import("./types").Me} Me */
/** @typedef {import("./types").FamilyMember} FamilyMember */

/**
 * Me, with roles, preferences and consents; logs in where needed.
 * @returns {Promise<Me>}
 */
async function getMe() {
  const me = await read("/me", { login: true });
  session.rememberUser(me);
  return me;
}

/**
 * Change my profile or preferences; what is not named stays.
 * @param {import("./openapi").MeRequest} body
 * @returns {Promise<Me>}
 */
async function changeMe(body) {
  const me = await write("PUT", "/me", body);
  session.rememberUser(me);
  return me;
}

/**
 * Bind a phone number: WeChat's code, or typed.
 * @param {import("./openapi").PhoneRequest} body
 * @returns {Promise<import("./openapi").PhoneAnswer>}
 */
function bindPhone(body) {
  return write("POST", "/me/phone", body);
}

/** @returns {Promise<{items: FamilyMember[]}>} */
async function listFamily() {
  const family = await read("/me/family", { login: true });
  familyNames.learn(family.items);
  return family;
}

/** Who they are, for a page that names them; without an answer the names are plain. */
async function knowFamily() {
  if (!familyNames.areKnown()) await listFamily().catch(() => undefined);
}

/** @typedef {import("./openapi").FamilyRequest} FamilyForm */

/**
 * @param {FamilyForm} form
 * @param {string} key one for each press
 * @returns {Promise<FamilyMember>}
 */
function addFamilyMember(form, key) {
  return write("POST", "/me/family", form, { key });
}

/**
 * @param {string} id
 * @param {FamilyForm} form
 * @returns {Promise<FamilyMember>}
 */
function changeFamilyMember(id, form) {
  return write("PUT", `/me/family/${id}`, form);
}

/**
 * Remove a family member; their personal data is erased.
 * @param {string} id
 */
function removeFamilyMember(id) {
  return write("DELETE", `/me/family/${id}`);
}

/**
 * @param {string} purpose
 * @param {string} version
 */
function giveConsent(purpose, version) {
  return write("POST", "/me/consents", { purpose, version });
}

/** @param {string} purpose */
function withdrawConsent(purpose) {
  return write("DELETE", `/me/consents/${purpose}`);
}

/**
 * Where I am logged in, this phone first.
 * @returns {Promise<{items: import("./types").LoginSession[]}>}
 */
function listSessions() {
  return read("/me/sessions", { login: true });
}

/**
 * End one of my logins; again is no harm.
 * @param {string} id
 */
function endSession(id) {
  return write("DELETE", `/me/sessions/${id}`);
}

/** Everything stored about me. @returns {Promise<Record<string, any>>} */
function exportMe() {
  return read("/me/export", { login: true });
}

/** Close my account: personal data is erased, counts stay. */
async function closeAccount() {
  await write("DELETE", "/me");
  forgetEverything();
}

/** End this session; on this phone it ends even if the server can't be told. */
async function logOut() {
  await write("POST", "/auth/logout", {}, { attempts: 1 }).catch(() => undefined);
  forgetEverything();
}

function forgetEverything() {
  session.forget();
  outbox.clear();
  forgetReads();
  forgetToday();
  forgetDrafts();
  familyNames.forget();
  reminders.forget();
  myNumbers.refresh();
}

module.exports = {
  getMe, changeMe, bindPhone, listFamily, knowFamily, addFamilyMember, changeFamilyMember,
  removeFamilyMember, giveConsent, withdrawConsent, listSessions, endSession,
  exportMe, closeAccount, logOut,
};
