// @ts-check
// Agreement to the privacy guide: asked for when it is first needed, never for browsing.
// The question itself is the component privacy-popup of the page that is open.

const STORAGE_KEY = "privacy";
/** The guide's version, as in the backend's config/consents.toml. */
const VERSION = "2026-01";

const { createSignal } = require("./signal");

/** @typedef {{ask: () => Promise<boolean>}} Popup */

/** Whether the question is on the screen: what waits for the answer is not loading. */
const asking = createSignal(false);

/**
 * The popups of the open pages, the top page's last.
 * @type {Popup[]}
 */
const popups = [];

/** @param {Popup} popup */
function addPopup(popup) {
  removePopup(popup);
  popups.push(popup);
}

/** @param {Popup} popup */
function removePopup(popup) {
  const index = popups.indexOf(popup);
  if (index >= 0) popups.splice(index, 1);
}

function isAgreed() {
  return wx.getStorageSync(STORAGE_KEY) === VERSION;
}

/**
 * Ask unless it has been agreed to.
 * @returns {Promise<boolean>}
 */
async function ensureAgreed() {
  if (isAgreed()) return true;
  const agreed = await ask();
  if (agreed) wx.setStorageSync(STORAGE_KEY, VERSION);
  return agreed;
}

/** Ask on the page on top; nobody agrees where it cannot ask. */
async function ask() {
  const popup = popups[popups.length - 1];
  if (popup === undefined) return false;
  asking.set(true);
  try {
    return await popup.ask();
  } finally {
    asking.set(false);
  }
}

/** Ask again before the next use. */
function withdraw() {
  wx.removeStorageSync(STORAGE_KEY);
}

/** @typedef {{event: "agree", buttonId: string} | {event: "disagree"}} PrivacyAnswer */

/** WeChat asks on its own account before it gives away something private, such as a number. */
function watch() {
  /** @param {(answer: PrivacyAnswer) => void} resolve */
  const listener = async (resolve) => {
    const agreed = await ask();
    resolve(agreed ? { event: "agree", buttonId: "privacy-agree" } : { event: "disagree" });
  };
  // The typings know nothing of the listener's argument.
  wx.onNeedPrivacyAuthorization(/** @type {any} */ (listener));
}

module.exports = {
  VERSION, addPopup, removePopup, isAgreed, ensureAgreed, withdraw, watch, followAsking: asking.follow,
};
