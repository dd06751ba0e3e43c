// @ts-check
// The market's own code: printed, or changing on the screen at the entrance.

/**
 * The code in what wx.scanCode has read: this mini-program's own code tells a path with a scene, a
 * plain QR the code itself.
 * @param {{result?: string, path?: string}} scanned
 * @returns {string} empty where there is none
 */
function codeInScan({ result = "", path = "" }) {
  const scene = /[?&]scene=([^&]+)/.exec(path);
  return scene ? decodeURIComponent(scene[1]) : result.trim();
}

/**
 * The code with which a page was opened from a printed code.
 * @param {Record<string, string | undefined>} query the page's
 */
function codeInQuery({ scene = "" }) {
  return decodeURIComponent(scene);
}

module.exports = { codeInScan, codeInQuery };
