// @ts-check
// The stall that was chosen on this phone, for the day: tomorrow's market has other stalls.

const { dayKey } = require("../../../utils/time");

const STORAGE_KEY = "desk";

/** @returns {string} its id; empty where none was chosen today */
function rememberedStall() {
  const kept = wx.getStorageSync(STORAGE_KEY);
  return kept && kept.day === dayKey(Date.now()) ? kept.stallId : "";
}

/** @param {string} stallId */
function rememberStall(stallId) {
  wx.setStorageSync(STORAGE_KEY, { stallId, day: dayKey(Date.now()) });
}

function forgetStall() {
  wx.removeStorageSync(STORAGE_KEY);
}

module.exports = { rememberedStall, rememberStall, forgetStall };
