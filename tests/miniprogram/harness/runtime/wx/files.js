// @ts-check
// Files and pictures.
import { fileAddress, localAddress, userFiles } from "../dom.js";
import { harness } from "../record.js";
import { finish, later } from "./call.js";

/** What is chosen next from the phone's album, as addresses; tests put it there. @type {string[]} */
const album = [];
harness.album = album;
harness.userFiles = () => [...userFiles.keys()];

const fileSystem = {
  writeFile(/** @type {any} */ options) {
    userFiles.set(options.filePath, URL.createObjectURL(new Blob([options.data])));
    finish("writeFile", Promise.resolve({}), options);
  },
  unlink(/** @type {any} */ options) {
    const gone = userFiles.delete(options.filePath);
    finish("unlink", gone ? Promise.resolve({}) : Promise.reject({ errMsg: "unlink:fail no such file" }), options);
  },
  readFile(/** @type {any} */ options) {
    const content = fetch(fileAddress(options.filePath, "app")).then(async (file) => ({ data: await file.arrayBuffer() }));
    finish("readFile", content, options);
  },
};

export const files = {
  env: { USER_DATA_PATH: "wxfile://usr" },
  downloadFile: later("downloadFile", async ({ url, header }) => {
    const answer = await fetch(localAddress(url), { headers: header });
    return { tempFilePath: URL.createObjectURL(await answer.blob()), statusCode: answer.status };
  }),
  createOffscreenCanvas(/** @type {any} */ { type, width, height }) {
    if (type !== "2d") throw new Error(`createOffscreenCanvas: the harness has only 2d, not ${type}`);
    return Object.assign(document.createElement("canvas"), { width, height });
  },
  canvasToTempFilePath: later("canvasToTempFilePath", ({ canvas }) => ({ tempFilePath: canvas.toDataURL() })),
  saveImageToPhotosAlbum: later("saveImageToPhotosAlbum", ({ filePath }) => {
    const link = document.createElement("a");
    link.href = fileAddress(filePath, "app");
    link.download = "image.png";
    link.click();
  }),
  chooseMedia: later("chooseMedia", ({ count }) => {
    const tempFiles = album.splice(0, count).map((tempFilePath) => ({ tempFilePath, size: tempFilePath.length, fileType: "image" }));
    if (!tempFiles.length) throw "cancel";
    return { tempFiles, type: "image" };
  }),
  getFileSystemManager: () => fileSystem,
  previewImage: later("previewImage", () => ({})),
  arrayBufferToBase64: (/** @type {ArrayBuffer} */ buffer) =>
    btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("")),
  base64ToArrayBuffer: (/** @type {string} */ text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer,
};
