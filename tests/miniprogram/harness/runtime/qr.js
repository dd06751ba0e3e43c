// @ts-check
import jsQR from "jsqr";

/**
 * @param {ImageData} pixels
 * @returns {string | null} what the QR code in a picture says
 */
/** @type {any} */ (window).readQr = (/** @type {ImageData} */ pixels) =>
  /** @type {any} */ (jsQR)(pixels.data, pixels.width, pixels.height)?.data ?? null;
