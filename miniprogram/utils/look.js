// @ts-check
// Size of text and controls: the elder mode (长辈版) times the phone's own setting.
// WXSS gives text in rem; each page hands `look.rootFontSize` to its page-meta.

const STORAGE_KEY = "elder";
const BASE_RPX = 30;
const ELDER_SCALE = 1.35;
const LARGEST_SCALE = 1.8;

/**
 * @typedef {object} Look
 * @property {boolean} elder
 * @property {string} rootFontSize for page-meta
 * @property {string} className for the page's outermost view
 */

/** @returns {Look} */
function current() {
  const elder = wx.getStorageSync(STORAGE_KEY) === true;
  const own = wx.getAppBaseInfo().fontSizeScaleFactor || 1;
  const scale = Math.min((elder ? ELDER_SCALE : 1) * own, LARGEST_SCALE);
  const pixels = (wx.getWindowInfo().windowWidth / 750) * BASE_RPX * scale;
  return { elder, rootFontSize: `${pixels.toFixed(2)}px`, className: elder ? "elder" : "" };
}

/**
 * Bring a page up to date; every page calls it in onShow.
 * @param {{data: {look: Look}, setData: (data: {look: Look}) => void}} page
 */
function apply(page) {
  const look = current();
  if (look.rootFontSize !== page.data.look.rootFontSize || look.elder !== page.data.look.elder) {
    page.setData({ look });
  }
}

/** @param {boolean} elder */
function setElder(elder) {
  wx.setStorageSync(STORAGE_KEY, elder);
}

/** Whether the person has chosen on this phone, either way. */
function isChosen() {
  return typeof wx.getStorageSync(STORAGE_KEY) === "boolean";
}

module.exports = { current, apply, setElder, isChosen };
