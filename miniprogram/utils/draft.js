// @ts-check
// What somebody has begun to write, kept on this phone until it is sent: leaving the page, or
// WeChat, loses nothing.

const PREFIX = "draft:";

/**
 * @template {object} T
 * @param {string} name what it is about, such as "rating" with an id
 */
function draftOf(name) {
  const storageKey = PREFIX + name;
  return {
    /** @returns {T | null} null where nothing was begun */
    get() {
      return wx.getStorageSync(storageKey) || null;
    },
    /** @param {T} value where all of it is empty nothing is begun any more */
    keep(value) {
      if (Object.values(value).some(Boolean)) wx.setStorageSync(storageKey, value);
      else wx.removeStorageSync(storageKey);
    },
    forget() {
      wx.removeStorageSync(storageKey);
    },
  };
}

/** Forget all of them: somebody else may use this phone next. */
function forgetDrafts() {
  wx.getStorageInfoSync()
    .keys.filter((key) => key.startsWith(PREFIX))
    .forEach((key) => wx.removeStorageSync(key));
}

module.exports = { draftOf, forgetDrafts };
