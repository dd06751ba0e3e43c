// @ts-check
// What is chosen or counted on this phone for one day: tomorrow's market is another one.

const { dayKey } = require("./time");

const PREFIX = "today:";

/**
 * @template {object} T
 * @param {string} name
 */
function forToday(name) {
  const storageKey = PREFIX + name;
  return {
    /** @returns {T | null} null where nothing was kept today */
    get() {
      const kept = wx.getStorageSync(storageKey);
      return kept && kept.day === dayKey(Date.now()) ? kept : null;
    },
    /** @param {T} value */
    set(value) {
      wx.setStorageSync(storageKey, { ...value, day: dayKey(Date.now()) });
    },
    forget() {
      wx.removeStorageSync(storageKey);
    },
  };
}

/** Forget all of it: somebody else may use this phone next. */
function forgetToday() {
  wx.getStorageInfoSync()
    .keys.filter((key) => key.startsWith(PREFIX))
    .forEach((key) => wx.removeStorageSync(key));
}

module.exports = { forToday, forgetToday };
