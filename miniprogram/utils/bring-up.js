// @ts-check
// What has come of a press is seen, however small the screen and large its letters.

/** What is brought up is not pressed against the top of the screen. */
const ABOVE_PX = -16;

/**
 * Scroll until something stands at the top of the screen, or as high as the page goes.
 * @param {string} selector a node's on the page; one that isn't there is let be
 */
function bringUp(selector) {
  // What was just set stands on the page by then.
  wx.nextTick(() => wx.pageScrollTo({ selector, offsetTop: ABOVE_PX, fail: () => undefined }));
}

module.exports = { bringUp };
