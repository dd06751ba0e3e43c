// @ts-check
// What the mini-program keeps on the phone; each user of the harness has a phone of their own.
import { options } from "../options.js";
import { plain } from "../record.js";
import { later } from "./call.js";

const PREFIX = `mp:${options.user}:`;
const LIMIT_KB = 10_240;

function keys() {
  return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length));
}

/** @param {string} key */
function getStorageSync(key) {
  const kept = localStorage.getItem(PREFIX + key);
  return kept === null ? "" : JSON.parse(kept);
}

/**
 * @param {string} key
 * @param {any} data
 */
function setStorageSync(key, data) {
  localStorage.setItem(PREFIX + key, JSON.stringify(plain(data) ?? ""));
}

/** @param {string} key */
function removeStorageSync(key) {
  localStorage.removeItem(PREFIX + key);
}

function clearStorageSync() {
  for (const key of keys()) removeStorageSync(key);
}

function getStorageInfoSync() {
  const size = keys().reduce((sum, key) => sum + (localStorage.getItem(PREFIX + key)?.length ?? 0), 0);
  return { keys: keys(), currentSize: Math.ceil(size / 1024), limitSize: LIMIT_KB };
}

export const storage = {
  getStorageSync,
  setStorageSync,
  removeStorageSync,
  clearStorageSync,
  getStorageInfoSync,
  getStorage: later("getStorage", ({ key }) => {
    if (!keys().includes(key)) throw "data not found";
    return { data: getStorageSync(key) };
  }),
  setStorage: later("setStorage", ({ key, data }) => setStorageSync(key, data)),
  removeStorage: later("removeStorage", ({ key }) => removeStorageSync(key)),
  clearStorage: later("clearStorage", clearStorageSync),
  getStorageInfo: later("getStorageInfo", getStorageInfoSync),
};
