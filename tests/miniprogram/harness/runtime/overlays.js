// @ts-check
// WeChat's own windows over the page.
import { element } from "./dom.js";
import { screen } from "./screen.js";

/** @type {HTMLElement | null} */
let toast = null;
let toastTimer = 0;

const TOAST_ICONS = /** @type {Record<string, string>} */ ({ success: "✓", error: "✕", loading: "◌", none: "" });

/** @param {{ title: string, icon: string, mask: boolean, duration?: number }} options no duration: until hidden */
export function showToast({ title, icon, mask, duration }) {
  hideToast();
  toast = element("div", `harness-toast${mask ? " masked" : ""}`, screen.layer);
  toast.setAttribute("role", "status");
  const box = element("div", "box", toast);
  if (TOAST_ICONS[icon]) element("i", "", box, TOAST_ICONS[icon]).setAttribute("aria-hidden", "true");
  element("span", "", box, title);
  if (duration) toastTimer = window.setTimeout(hideToast, duration);
}

export function hideToast() {
  clearTimeout(toastTimer);
  toast?.remove();
  toast = null;
}

/**
 * @param {string} label
 * @param {string} className
 */
function openDialog(label, className) {
  const mask = element("div", "harness-mask", screen.layer);
  const dialog = element("div", `harness-dialog ${className}`, mask);
  dialog.setAttribute("role", "dialog");
  dialog.setAttribute("aria-modal", "true");
  dialog.setAttribute("aria-label", label);
  return { mask, dialog, close: () => mask.remove() };
}

/**
 * @param {Node} parent
 * @param {string} text
 * @param {string} className
 * @param {() => void} press
 */
function addButton(parent, text, className, press) {
  const button = element("button", className, parent, text);
  button.type = "button";
  button.onclick = press;
  return button;
}

/**
 * @param {{ title?: string, content?: string, showCancel?: boolean, cancelText?: string, confirmText?: string, editable?: boolean, placeholderText?: string }} options
 * @returns {Promise<{ confirm: boolean, cancel: boolean, content: string | null }>}
 */
export function confirm({ title = "", content = "", showCancel = true, cancelText = "取消", confirmText = "确定", editable = false, placeholderText = "" }) {
  const { dialog, close } = openDialog(title || content, "modal");
  if (title) element("h2", "title", dialog, title);
  /** @type {HTMLInputElement | undefined} */
  let input;
  if (editable) {
    input = element("input", "content", dialog);
    input.placeholder = placeholderText;
    input.setAttribute("aria-label", placeholderText || title);
    input.value = content;
  } else if (content) {
    element("div", "content", dialog, content);
  }
  const buttons = element("div", "buttons", dialog);
  return new Promise((resolve) => {
    const answer = (/** @type {boolean} */ confirmed) => {
      close();
      resolve({ confirm: confirmed, cancel: !confirmed, content: confirmed && input ? input.value : null });
    };
    if (showCancel) addButton(buttons, cancelText, "cancel", () => answer(false));
    addButton(buttons, confirmText, "confirm", () => answer(true)).focus();
  });
}

/**
 * @param {string} title
 * @param {string[]} items
 * @param {number} chosen
 * @returns {Promise<number | null>} the index; null when cancelled
 */
export function chooseFrom(title, items, chosen) {
  const { dialog, close } = openDialog(title || "请选择", "sheet");
  if (title) element("h2", "title", dialog, title);
  return new Promise((resolve) => {
    const answer = (/** @type {number | null} */ index) => {
      close();
      resolve(index);
    };
    const list = element("div", "items", dialog);
    items.forEach((item, index) => addButton(list, item, index === chosen ? "item chosen" : "item", () => answer(index)));
    addButton(dialog, "取消", "item cancel", () => answer(null));
  });
}

/**
 * A window of a few fields, each a native control.
 * @template T
 * @param {string} title
 * @param {(form: HTMLElement) => () => T} fill adds the controls; returns how to read them
 * @returns {Promise<T | null>} null when cancelled
 */
export function chooseInForm(title, fill) {
  const { dialog, close } = openDialog(title, "sheet");
  element("h2", "title", dialog, title);
  const read = fill(element("div", "fields", dialog));
  const buttons = element("div", "buttons", dialog);
  return new Promise((resolve) => {
    const answer = (/** @type {T | null} */ value) => {
      close();
      resolve(value);
    };
    addButton(buttons, "取消", "cancel", () => answer(null));
    addButton(buttons, "确定", "confirm", () => answer(read()));
  });
}

/** @param {() => void} cancel */
export function showCamera(cancel) {
  const { dialog, close } = openDialog("扫一扫", "camera");
  element("div", "frame", dialog);
  element("p", "", dialog, "对准二维码，即可自动扫描");
  addButton(dialog, "取消扫码", "cancel", cancel);
  return { close };
}
