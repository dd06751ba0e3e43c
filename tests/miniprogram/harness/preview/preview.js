// @ts-check
// The desk around the phone: who holds it, what its camera sees.

const DEFAULT_USER = "resident";
const CODE_PAGE = "pages/checkin/checkin";

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @returns {T}
 */
const get = (id) => /** @type {T} */ (document.getElementById(id));

const frame = /** @type {HTMLIFrameElement} */ (get("app"));
const code = /** @type {HTMLTextAreaElement} */ (get("code"));
const other = /** @type {HTMLInputElement} */ (get("other"));
const font = /** @type {HTMLSelectElement} */ (get("font"));
const offline = /** @type {HTMLInputElement} */ (get("offline"));
const state = get("camera-state");
const users = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll("input[name=user]")]);

let cameraOpen = false;
let user = new URLSearchParams(location.search).get("user") || DEFAULT_USER;

/** @param {Record<string, string>} [extra] */
function openApp(extra = {}) {
  const query = new URLSearchParams({ user, fontScale: font.value, ...extra });
  frame.src = `app.html?${query}`;
  history.replaceState(null, "", `?user=${encodeURIComponent(user)}`);
  setCamera(false);
}

/** @param {string} name */
function choose(name) {
  user = name;
  openApp();
}

/** @param {boolean} open */
function setCamera(open) {
  cameraOpen = open;
  state.classList.toggle("waiting", open);
  state.textContent = open ? "小程序正在扫码，请把码交给它。" : "小程序打开“扫一扫”后，把码交给它。";
}

/** @param {string} text */
function say(text) {
  state.textContent = text;
}

/** @returns {any} the mini-program's own harness */
function harness() {
  return /** @type {any} */ (frame.contentWindow).__harness;
}

/** @param {File} file */
async function readPicture(file) {
  const picture = await createImageBitmap(file);
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.drawImage(picture, 0, 0);
  await loadReader();
  return /** @type {any} */ (window).readQr(context.getImageData(0, 0, picture.width, picture.height));
}

/** @returns {Promise<void>} */
function loadReader() {
  if (/** @type {any} */ (window).readQr) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "qr.js";
    script.onload = () => resolve();
    script.onerror = reject;
    document.head.append(script);
  });
}

window.addEventListener("message", ({ origin, data }) => {
  if (origin === location.origin && typeof data?.camera === "boolean") setCamera(data.camera);
});

for (const radio of users) {
  radio.onchange = () => {
    if (radio.value !== "other") choose(radio.value);
    else other.focus();
  };
}
other.onchange = () => {
  const name = other.value.trim();
  if (!name || !other.checkValidity()) return;
  /** @type {HTMLInputElement} */ (users.find((radio) => radio.value === "other")).checked = true;
  choose(name);
};
font.onchange = () => openApp();
offline.onchange = () => {
  harness().network = { offline: offline.checked };
};
frame.onload = () => {
  if (offline.checked) harness().network = { offline: true };
};
get("reload").onclick = () => openApp();
get("reset").onclick = () => {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(`mp:${user}:`) || key === `mp-privacy:${user}`) localStorage.removeItem(key);
  }
  openApp();
};
get("clear").onclick = () => {
  code.value = "";
};
get("copy").onclick = async () => {
  const [found] = await harness().codes();
  if (found) code.value = found;
  say(found ? "已拍下。可换一位用户，再扫到这个码。" : "屏幕上没有看到码。");
};
get("picture").onchange = async (event) => {
  const input = /** @type {HTMLInputElement} */ (event.target);
  const [file] = input.files ?? [];
  if (!file) return;
  const found = await readPicture(file);
  if (found) code.value = found;
  say(found ? "图片里的码已读出。" : "这张图片里没有看到码。");
  input.value = "";
};
get("scan").onclick = () => {
  const text = code.value.trim();
  if (!text) return say("请先填入码的内容。");
  if (!cameraOpen) return say("小程序没有在扫码。请先在左边点“扫码”，再把码交给它。");
  // Of a mini-program's own code WeChat tells the page, not what is written in it.
  const scan = text.startsWith("pages/") ? { path: text } : { result: text };
  frame.contentWindow?.postMessage({ scan }, location.origin);
};
get("open").onclick = () => {
  const scene = code.value.trim();
  if (!scene) return say("请先填入小程序码的 scene。");
  openApp({ path: CODE_PAGE, scene });
};

const known = users.find((radio) => radio.value === user);
if (known) known.checked = true;
else {
  other.value = user;
  /** @type {HTMLInputElement} */ (users.find((radio) => radio.value === "other")).checked = true;
}
openApp();
