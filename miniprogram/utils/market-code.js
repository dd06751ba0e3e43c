// @ts-check
// The market's own code: printed, or changing on the screen at the entrance.

/** What stands before the code in a plain link, which opens this mini-program in WeChat. */
const IN_LINK = "/q/";

/**
 * The code in what wx.scanCode has read: this mini-program's own code tells a path with a scene; a
 * QR holds a plain link that ends with the code, or the code itself.
 * @param {{result?: string, path?: string}} scanned
 * @returns {string} empty where there is none
 */
function codeInScan({ result = "", path = "" }) {
  const scene = /[?&]scene=([^&]+)/.exec(path);
  return scene ? decodeURIComponent(scene[1]) : codeInText(result);
}

/**
 * The code with which a page was opened: by a printed code, or by WeChat for a plain link.
 * @param {Record<string, string | undefined>} query the page's
 */
function codeInQuery({ scene = "", q = "" }) {
  return q ? codeInText(decodeURIComponent(q)) : decodeURIComponent(scene);
}

/** @param {string} text */
function codeInText(text) {
  const link = /^https?:\/\/[^/]+(\/[^?#]*)/.exec(text.trim());
  if (!link) return text.trim();
  const at = link[1].lastIndexOf(IN_LINK);
  return at < 0 ? text.trim() : link[1].slice(at + IN_LINK.length);
}

module.exports = { codeInScan, codeInQuery };
