// @ts-check
// Where the backend lives, for each version of the mini-program. Change the addresses of trial and
// release to your own domain (docs/miniprogram.md); WeChat only allows HTTPS there.

const BASE_URLS = {
  develop: "http://127.0.0.1:8000",
  trial: "https://trial.wusheji.example.cn",
  release: "https://wusheji.example.cn",
};

/**
 * What a developer has set by hand in the tools' console, for the develop version only:
 * `wx.setStorageSync("developer", { baseUrl: "http://192.168.1.5:8000", user: "resident" })`.
 * @typedef {object} Developer
 * @property {string} [baseUrl] another backend
 * @property {string} [user] log in as this user of the stand-in WeChat
 */

/** @returns {"develop" | "trial" | "release"} */
function envVersion() {
  return wx.getAccountInfoSync().miniProgram.envVersion;
}

/** @returns {Developer} */
function developer() {
  if (envVersion() !== "develop") return {};
  return wx.getStorageSync("developer") || {};
}

/** The API's address without a slash at its end. */
function apiBase() {
  return (developer().baseUrl || BASE_URLS[envVersion()]) + "/api/v1";
}

/** The stand-in's login code; null where WeChat's own code is to be used. */
function developerCode() {
  const { user } = developer();
  return user ? `ok:${user}` : null;
}

module.exports = { apiBase, developerCode };
