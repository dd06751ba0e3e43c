// @ts-check
// The QR codes on the screen, read as a camera would: for tests, and for the preview's camera.
import { harness } from "./record.js";

harness.codes = async () => {
  const read = await reader();
  const pictures = /** @type {NodeListOf<HTMLCanvasElement | HTMLImageElement>} */ (document.querySelectorAll("canvas, img"));
  return [...pictures]
    .filter((picture) => picture.offsetParent && picture.width && picture.height)
    .map((picture) => read(pixelsOf(picture)))
    .filter((text) => text !== null);
};

/**
 * @param {HTMLCanvasElement | HTMLImageElement} picture
 * @returns {ImageData}
 */
function pixelsOf(picture) {
  const [width, height] =
    picture instanceof HTMLImageElement ? [picture.naturalWidth, picture.naturalHeight] : [picture.width, picture.height];
  const copy = new OffscreenCanvas(width || 1, height || 1);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (copy.getContext("2d"));
  context.drawImage(picture, 0, 0);
  return context.getImageData(0, 0, copy.width, copy.height);
}

/** @returns {Promise<(pixels: ImageData) => string | null>} loaded when first needed: it is big */
function reader() {
  const loaded = /** @type {any} */ (window).readQr;
  if (loaded) return Promise.resolve(loaded);
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "qr.js";
    script.onload = () => resolve(/** @type {any} */ (window).readQr);
    script.onerror = () => reject(new Error("qr.js cannot be loaded"));
    document.head.appendChild(script);
  });
}
