// @ts-check
// Who is logged in. Token and id are kept on the phone; the person's name and roles only in memory.
// When a market opens everybody logs in at once: whoever does not get in at the first try waits
// here, and what they wanted goes on by itself.

const config = require("../config");
const privacy = require("../utils/privacy");
const { uuid } = require("../utils/ids");
const { PRIVACY_REFUSED, ApiError, networkError, problemOf } = require("./errors");
const { send } = require("./transport");
const loginLine = require("../utils/login-line");
const { sleep } = require("../utils/sleep");

const STORAGE_KEY = "session";
const PRIVACY_PURPOSE = "privacy";
const NETWORK_ATTEMPTS = 3;
const BUSY_PATIENCE_MS = 30000;
const FIRST_WAIT_MS = 600;
const LONGEST_WAIT_MS = 5000;

/** @typedef {import("./types").Me} Me */

/** @type {Promise<string> | null} */
let loggingIn = null;
/** @type {Me | null} */
let user = null;

/** @typedef {{token: string, expires_at: string, resident_id: string}} Session */

/** @returns {Session | null} the kept one; an expired one counts as none */
function kept() {
  const session = wx.getStorageSync(STORAGE_KEY);
  return session && Date.parse(session.expires_at) > Date.now() ? session : null;
}

/** Whether somebody is logged in on this phone; asks nobody. */
function isLoggedIn() {
  return kept() !== null;
}

/**
 * Whether this is the person who is logged in, and not one of their family.
 * @param {{id: string}} resident
 */
function isMyself({ id }) {
  const session = kept();
  return session !== null && session.resident_id === id;
}

/**
 * The token, after logging in where needed. Many callers share one login.
 * @returns {Promise<string>} rejects with an ApiError: `privacy_refused` when the person does not
 *   agree to the privacy guide, else why logging in failed, after half a minute of trying where
 *   too many log in at once
 */
function token() {
  const known = kept();
  return known ? Promise.resolve(known.token) : logIn();
}

/**
 * A new token in place of one that the server refused.
 * @param {string} refused
 */
function renew(refused) {
  const known = kept();
  if (known && known.token === refused) forget();
  return token();
}

function logIn() {
  if (!loggingIn) {
    loggingIn = logInOnce().finally(() => {
      loggingIn = null;
    });
  }
  return loggingIn;
}

async function logInOnce() {
  if (!(await privacy.ensureAgreed())) {
    throw new ApiError({
      code: PRIVACY_REFUSED,
      title: "同意隐私保护指引后才能使用这项功能，浏览不受影响",
    });
  }
  const login = await exchangeCodePatiently();
  /** @type {Session} */
  const session = {
    token: login.token, expires_at: login.expires_at, resident_id: login.user.resident_id,
  };
  wx.setStorageSync(STORAGE_KEY, session);
  user = login.user;
  await recordPrivacyConsent(login.token, login.user);
  return login.token;
}

/** @returns {Promise<import("./types").Login>} */
async function exchangeCodePatiently() {
  const patientUntil = Date.now() + BUSY_PATIENCE_MS;
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await exchangeCode();
      } catch (error) {
        if (!(error instanceof ApiError) || !error.transient) throw error;
        const goesOn = error.busy ? Date.now() < patientUntil : attempt < NETWORK_ATTEMPTS;
        if (!goesOn) {
          error.exhausted = true;
          throw error;
        }
        loginLine.setWaiting(error.busy);
        await sleep(pauseMs(attempt));
      }
    }
  } finally {
    loginLine.setWaiting(false);
  }
}

/**
 * Longer each time, and not the same on each phone: those refused together must not come back
 * together.
 * @param {number} attempt
 */
function pauseMs(attempt) {
  return Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS) * (0.75 + Math.random() / 2);
}

/** A code is good once and for five minutes: a refused one is replaced, once. */
async function exchangeCode() {
  try {
    return await postCode();
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "wechat_code_invalid") throw error;
    return postCode();
  }
}

/** @returns {Promise<import("./types").Login>} */
async function postCode() {
  const code = config.developerCode() || (await weChatCode());
  const answer = await send({ method: "POST", path: "/auth/wechat", body: { code } });
  if (answer.status !== 200) throw problemOf(answer.status, answer.data, answer.headers);
  return answer.data;
}

/** @returns {Promise<string>} */
function weChatCode() {
  return new Promise((resolve, reject) => {
    wx.login({
      success: ({ code }) => resolve(code),
      fail: () => reject(networkError("微信登录没有成功，请稍后再试")),
    });
  });
}

/**
 * What the person agreed to on this phone is kept by the server too, once for each version. It
 * never stands in the way of what they wanted: the next login tries again.
 * @param {string} bearer
 * @param {Me} me
 */
async function recordPrivacyConsent(bearer, me) {
  const known = me.consents.some(
    ({ purpose, version }) => purpose === PRIVACY_PURPOSE && version === privacy.VERSION,
  );
  if (known) return;
  const headers = { Authorization: `Bearer ${bearer}`, "Idempotency-Key": uuid() };
  const body = { purpose: PRIVACY_PURPOSE, version: privacy.VERSION };
  await send({ method: "POST", path: "/me/consents", body, headers }).catch(() => undefined);
}

/** Who is logged in, as last heard; null before that. */
function knownUser() {
  return isLoggedIn() ? user : null;
}

/** @param {Me} me as just read or changed */
function rememberUser(me) {
  user = me;
}

/** Forget the login on this phone. */
function forget() {
  wx.removeStorageSync(STORAGE_KEY);
  user = null;
}

/**
 * Whether a user has one of these roles.
 * @param {Me | null} me
 * @param {...string} roles
 */
function hasRole(me, ...roles) {
  return me !== null && me.roles.some(({ role }) => roles.includes(role));
}

module.exports = {
  isLoggedIn, isMyself, token, renew, forget, knownUser, rememberUser, hasRole,
};
