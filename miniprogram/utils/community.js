// @ts-check
// The community that the person has chosen, kept on this phone: no login needed.

const STORAGE_KEY = "community";

/** @typedef {{id: string, name: string, subdistrict_id: string, subdistrict_name: string}} Community */

/** @returns {Community | null} */
function chosenCommunity() {
  return wx.getStorageSync(STORAGE_KEY) || null;
}

/** @param {Community} community */
function chooseCommunity(community) {
  wx.setStorageSync(STORAGE_KEY, community);
}

/** The whole district again. */
function forgetCommunity() {
  wx.removeStorageSync(STORAGE_KEY);
}

module.exports = { chosenCommunity, chooseCommunity, forgetCommunity };
