// @ts-check
// input and textarea, over the browser's own.
import { element } from "../runtime/dom.js";
import { requirePrivacy } from "../runtime/wx/privacy.js";

const INPUT_MODES = /** @type {Record<string, string>} */ ({ number: "numeric", digit: "decimal", tel: "tel" });
const MIN_AUTO_HEIGHT_PX = 24;

/** @typedef {import("./define.js").Component} Component */
/** @typedef {HTMLInputElement | HTMLTextAreaElement} Control */

/**
 * @param {Component} component
 * @param {Control} control
 */
function listen(component, control) {
  let before = "";
  control.addEventListener("input", (event) => {
    if (/** @type {InputEvent} */ (event).isComposing) return;
    typed(component, control);
  });
  control.addEventListener("compositionend", () => typed(component, control));
  control.addEventListener("focus", () => {
    before = control.value;
    if (component.data.type === "nickname") void requirePrivacy("nickname").catch(() => control.blur());
    component.triggerEvent("focus", { value: control.value, height: 0 });
  });
  control.addEventListener("blur", () => {
    component.triggerEvent("blur", { value: control.value, cursor: control.selectionStart });
    if (control.value !== before) component.triggerEvent("change", { value: control.value });
  });
  control.addEventListener("keydown", (event) => {
    const { key, isComposing } = /** @type {KeyboardEvent} */ (event);
    if (key !== "Enter" || isComposing || control instanceof HTMLTextAreaElement) return;
    component.triggerEvent("confirm", { value: control.value });
    if (!component.data.confirmHold) control.blur();
  });
}

/**
 * @param {Component} component
 * @param {Control} control
 */
function typed(component, control) {
  component.setData({ value: control.value });
  component.triggerEvent("input", { value: control.value, cursor: control.selectionStart, keyCode: 0 });
  fitHeight(component, control);
}

/**
 * @param {Component} component
 * @param {Control} control
 */
function fitHeight(component, control) {
  if (!component.data.autoHeight) return;
  control.style.height = "0";
  control.style.height = `${Math.max(control.scrollHeight, MIN_AUTO_HEIGHT_PX)}px`;
}

/**
 * @param {Component} component
 * @param {Control} control
 */
function configure(component, control) {
  const { placeholder, disabled, maxlength, password, type } = component.data;
  control.placeholder = placeholder;
  control.disabled = disabled;
  if (maxlength >= 0) control.maxLength = maxlength;
  else control.removeAttribute("maxlength");
  if (control instanceof HTMLTextAreaElement) return;
  control.type = password ? "password" : "text";
  control.inputMode = INPUT_MODES[type] ?? "text";
}

/**
 * @param {"input" | "textarea"} tag
 * @returns {import("./define.js").Behaviour}
 */
export function field(tag) {
  const controlOf = (/** @type {any} */ host) => /** @type {Control} */ (host.querySelector(tag));
  return {
    labelled: controlOf,
    created(component, host) {
      const control = element(tag, "", host);
      control.autocomplete = "off";
      listen(component, control);
      component.harnessField = {
        value: () => control.value,
        reset: () => component.setData({ value: "" }),
      };
    },
    attached(component, host) {
      const control = controlOf(host);
      fitHeight(component, control);
      if (component.data.focus || component.data.autoFocus) control.focus();
    },
    observers: {
      value(component, host) {
        const control = controlOf(host);
        const value = String(component.data.value ?? "");
        if (control.value !== value) control.value = value;
        fitHeight(component, control);
      },
      "placeholder,disabled,maxlength": (component, host) => configure(component, controlOf(host)),
      autoHeight: (component, host) => host.toggleAttribute("auto-height", component.data.autoHeight),
      focus(component, host) {
        if (component.data.focus) controlOf(host).focus();
      },
    },
  };
}
