// @ts-check
// switch, checkbox, radio, their groups, and label.
import { makePressable, surrounding } from "./define.js";

/** @typedef {import("./define.js").Component} Component */

/** @param {Component} component @param {HTMLElement} host */
function showChecked(component, host) {
  const { checked, disabled, color } = component.data;
  host.toggleAttribute("checked", checked);
  host.setAttribute("aria-checked", String(Boolean(checked)));
  host.toggleAttribute("disabled", disabled);
  if (disabled) host.setAttribute("aria-disabled", "true");
  else host.removeAttribute("aria-disabled");
  host.style.setProperty("--choice-color", color);
}

/**
 * @param {string} role
 * @param {(component: Component) => void} toggle
 * @returns {import("./define.js").Behaviour}
 */
function choice(role, toggle) {
  return {
    role,
    created(component, host) {
      makePressable(host);
      component.harnessPress = () => {
        if (!component.data.disabled) toggle(component);
      };
      component.addListener("tap", component.harnessPress);
      component.harnessField = {
        value: () => component.data.checked,
        reset: () => component.setData({ checked: false }),
      };
    },
    observers: { "checked,disabled,color": showChecked },
  };
}

export const switchTag = choice("switch", (component) => {
  const value = !component.data.checked;
  component.setData({ checked: value });
  component.triggerEvent("change", { value });
});

export const checkbox = choice("checkbox", (component) => {
  component.setData({ checked: !component.data.checked });
  const group = surrounding(component.$$, "checkbox-group");
  group?.triggerEvent("change", { value: checkedValues(group.$$, "checkbox") });
});

export const radio = choice("radio", (component) => {
  if (component.data.checked) return;
  const group = surrounding(component.$$, "radio-group");
  for (const other of members(group?.$$, "radio")) other.setData({ checked: other === component });
  component.setData({ checked: true });
  group?.triggerEvent("change", { value: component.data.value });
});

/**
 * @param {HTMLElement | undefined} host of a group
 * @param {string} tag
 * @returns {Component[]}
 */
function members(host, tag) {
  return host ? [...host.querySelectorAll(`wx-${tag}`)].map((node) => /** @type {any} */ (node).component) : [];
}

/** @param {HTMLElement} host @param {string} tag */
function checkedValues(host, tag) {
  return members(host, tag).filter((one) => one.data.checked).map((one) => one.data.value);
}

/**
 * @param {string} tag of the members
 * @param {string} role
 * @param {(values: string[]) => any} value
 * @returns {import("./define.js").Behaviour}
 */
function group(tag, role, value) {
  return {
    role,
    created(component, host) {
      component.harnessField = {
        value: () => value(checkedValues(host, tag)),
        reset: () => members(host, tag).forEach((one) => one.setData({ checked: false })),
      };
    },
  };
}

export const checkboxGroup = group("checkbox", "group", (values) => values);
export const radioGroup = group("radio", "radiogroup", (values) => values[0] ?? "");

const CONTROLS = "wx-checkbox, wx-radio, wx-switch, wx-button, wx-input, wx-textarea";
let labels = 0;

/**
 * What a label stands for: the control that it names, or the one inside it.
 * @param {Component} component
 * @param {HTMLElement} host
 * @returns {any}
 */
function controlOf(component, host) {
  const { for: id } = component.data;
  return id ? component.ownerShadowRoot.getElementById(id)?.$$ : host.querySelector(CONTROLS);
}

/** @type {import("./define.js").Behaviour} */
export const label = {
  created(component, host) {
    component.addListener("tap", (/** @type {any} */ event) => {
      const control = controlOf(component, host);
      if (!control || control.contains(event.getOriginalEvent().target)) return;
      if (control.component.harnessPress) control.component.harnessPress();
      else control.querySelector("input, textarea")?.focus();
    });
  },
  attached(component, host) {
    const control = controlOf(component, host);
    const named = control?.querySelector("input, textarea") ?? control;
    if (!named || named.hasAttribute("aria-label")) return;
    host.id = `label-${(labels += 1)}`;
    named.setAttribute("aria-labelledby", host.id);
  },
};
