// @ts-check
// Files and pictures.
import { fileAddress, localAddress } from "../dom.js";
import { later } from "./call.js";

export const files = {
  env: { USER_DATA_PATH: "wxfile://usr" },
  downloadFile: later("downloadFile", async ({ url, header }) => {
    const answer = await fetch(localAddress(url), { headers: header });
    return { tempFilePath: URL.createObjectURL(await answer.blob()), statusCode: answer.status };
  }),
  canvasToTempFilePath: later("canvasToTempFilePath", ({ canvas }) => ({ tempFilePath: canvas.toDataURL() })),
  saveImageToPhotosAlbum: later("saveImageToPhotosAlbum", ({ filePath }) => {
    const link = document.createElement("a");
    link.href = fileAddress(filePath, "app");
    link.download = "image.png";
    link.click();
  }),
  previewImage: later("previewImage", () => ({})),
  arrayBufferToBase64: (/** @type {ArrayBuffer} */ buffer) =>
    btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("")),
  base64ToArrayBuffer: (/** @type {string} */ text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer,
};
