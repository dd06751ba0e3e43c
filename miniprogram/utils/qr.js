// @ts-check

const qrcode = require("../vendor/qrcode-generator");

/** Light modules around the code, as the standard asks for. */
const QUIET_MODULES = 4;

/**
 * Draw a QR code on a canvas (`<canvas type="2d" id="…">`) as large as the canvas is shown.
 * @param {WechatMiniprogram.Page.TrivialInstance | WechatMiniprogram.Component.TrivialInstance} page
 * @param {string} selector such as "#qr"
 * @param {string} text
 * @returns {Promise<void>}
 */
function drawQr(page, selector, text) {
  return new Promise((resolve) => {
    wx.createSelectorQuery()
      .in(page)
      .select(selector)
      .fields({ node: true, size: true })
      .exec(([field]) => {
        if (field) paint(field.node, field.width, text);
        resolve();
      });
  });
}

/**
 * @param {WechatMiniprogram.Canvas} canvas
 * @param {number} width in px on the screen
 * @param {string} text
 */
function paint(canvas, width, text) {
  const code = qrcode(0, "M");
  code.addData(text);
  code.make();
  const modules = code.getModuleCount();
  // Whole pixels for each module: a scanner reads sharp edges best.
  const cell = Math.floor((width * wx.getWindowInfo().pixelRatio) / (modules + 2 * QUIET_MODULES));
  const size = cell * (modules + 2 * QUIET_MODULES);
  canvas.width = size;
  canvas.height = size;
  const context = canvas.getContext("2d");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, size, size);
  context.fillStyle = "#000000";
  for (let row = 0; row < modules; row += 1) {
    for (let column = 0; column < modules; column += 1) {
      if (code.isDark(row, column)) {
        context.fillRect((column + QUIET_MODULES) * cell, (row + QUIET_MODULES) * cell, cell, cell);
      }
    }
  }
}

module.exports = { drawQr };
