// @ts-check
// glass-easel, WeChat's own component engine, on the browser's DOM.
import * as adapter from "glass-easel-miniprogram-adapter";
import { TAGS } from "../builtins/tags.js";
import { toScreenUnits } from "./units.js";
import { recordError } from "./record.js";

const engine = adapter.glassEasel;
const LONG_PRESS_MS = 350;

engine.globalOptions.throwGlobalError = false;
engine.addGlobalErrorListener((error, method) => {
  recordError(method || "component", error);
  return false;
});
engine.addGlobalWarningListener((message, component) => {
  recordError("warning", `${message} (in ${typeof component === "string" ? component : component?.is})`);
  return false;
});

export const environment = new adapter.MiniProgramEnv();

const domBackend = new engine.CurrentWindowBackendContext();
domBackend.document = /** @type {any} */ ({
  createElement: createHost,
  createTextNode: (/** @type {string} */ text) => document.createTextNode(text),
  createDocumentFragment: () => document.createDocumentFragment(),
});
// The engine would listen to the browser's own input and change events, which the built-in tags
// raise as WeChat does. All of the DOM's events that count are delegated below.
domBackend.setListenerStats = () => {};

export const backend = environment.associateBackend(domBackend);

/**
 * Template tags become elements of their own: <view> is <wx-view>, so that <button> or <input>
 * do not bring the browser's looks and events along.
 * @param {string} tag
 */
function createHost(tag) {
  const host = document.createElement(tag in TAGS ? `wx-${tag}` : tag);
  const setAttribute = host.setAttribute.bind(host);
  host.setAttribute = (name, value) => setAttribute(name, name === "style" ? toScreenUnits(value) : value);
  return host;
}

/** Whether a tap is being handled right now: some of WeChat's windows open only then. */
export const gesture = { active: false };

/**
 * @param {EventTarget | null} target
 * @param {string} type
 * @param {any} detail
 * @param {Event} cause
 */
function dispatch(target, type, detail, cause) {
  let node = /** @type {any} */ (target);
  while (node && !node.__wxElement) node = node.parentNode;
  if (!node) return;
  const event = /** @type {any} */ (
    new engine.Event(type, detail, /** @type {any} */ ({ originalEvent: cause, bubbles: true, composed: true, capturePhase: true }))
  );
  Object.assign(event, touchesOf(cause));
  engine.Event.dispatchEvent(node.__wxElement, event);
}

/** @param {Event} cause */
function touchesOf(cause) {
  const copy = (/** @type {any} */ { identifier = 0, pageX, pageY, clientX, clientY }) => ({ identifier, pageX, pageY, clientX, clientY });
  if (window.TouchEvent && cause instanceof TouchEvent) {
    return { touches: [...cause.touches].map(copy), changedTouches: [...cause.changedTouches].map(copy) };
  }
  return { touches: [], changedTouches: [copy(cause)] };
}

// A click is what mouse, finger and keyboard have in common.
document.addEventListener(
  "click",
  (event) => {
    gesture.active = true;
    dispatch(event.target, "tap", { x: event.pageX, y: event.pageY }, event);
    gesture.active = false;
  },
  { capture: true },
);

document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.matches?.("[data-press]") && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    target.click();
  }
});

for (const type of [
  "touchstart", "touchmove", "touchend", "touchcancel",
  "transitionend", "animationstart", "animationiteration", "animationend",
]) {
  document.addEventListener(type, (event) => dispatch(event.target, type, {}, event), { capture: true, passive: true });
}

let pressTimer = 0;
document.addEventListener(
  "pointerdown",
  (event) => {
    const press = () => dispatch(event.target, "longpress", { x: event.pageX, y: event.pageY }, event);
    pressTimer = window.setTimeout(press, LONG_PRESS_MS);
  },
  { capture: true },
);
for (const type of ["pointermove", "pointerup", "pointercancel"]) {
  document.addEventListener(type, () => clearTimeout(pressTimer), { capture: true });
}
