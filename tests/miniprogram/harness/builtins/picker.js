// @ts-check
import { element } from "../runtime/dom.js";
import { chooseFrom, chooseInForm } from "../runtime/overlays.js";
import { recordError } from "../runtime/record.js";
import { makePressable } from "./define.js";

/** @typedef {import("./define.js").Component} Component */

const DATE_INPUTS = /** @type {Record<string, string>} */ ({ day: "date", month: "month", year: "number" });

/**
 * @param {Component} component
 * @param {any[]} items
 * @returns {string[]}
 */
function labels(component, items) {
  const { rangeKey } = component.data;
  return items.map((item) => String(rangeKey ? item[rangeKey] : item));
}

/** @param {Component} component */
function title(component) {
  const { headerText, ariaLabel } = component.data;
  return headerText || ariaLabel || "请选择";
}

const MODES = /** @type {Record<string, (component: Component) => Promise<any>>} */ ({
  async selector(component) {
    const chosen = await chooseFrom(title(component), labels(component, component.data.range), Number(component.data.value));
    return chosen === null ? null : String(chosen);
  },
  multiSelector(component) {
    return chooseInForm(title(component), (form) => {
      const { range, value } = component.data;
      const selects = range.map((/** @type {any[]} */ items, /** @type {number} */ column) => {
        const select = element("select", "", form);
        select.setAttribute("aria-label", `${title(component)} ${column + 1}`);
        labels(component, items).forEach((text, index) => select.add(new Option(text, String(index))));
        select.value = String(value?.[column] ?? 0);
        select.onchange = () => component.triggerEvent("columnchange", { column, value: Number(select.value) });
        return select;
      });
      return () => selects.map((/** @type {HTMLSelectElement} */ select) => Number(select.value));
    });
  },
  date: (component) => chooseByInput(component, DATE_INPUTS[component.data.fields] ?? "date"),
  time: (component) => chooseByInput(component, "time"),
});

/**
 * @param {Component} component
 * @param {string} type of the browser's input
 * @returns {Promise<string | null>}
 */
function chooseByInput(component, type) {
  return chooseInForm(title(component), (form) => {
    const input = element("input", "", form);
    const { start, end, value } = component.data;
    Object.assign(input, { type, value: value ?? "", min: start, max: end });
    input.setAttribute("aria-label", title(component));
    return () => input.value;
  });
}

/** @param {Component} component */
async function open(component) {
  const { disabled, mode } = component.data;
  if (disabled) return;
  if (!MODES[mode]) {
    recordError("picker", `mode "${mode}" is not in the harness`);
    return;
  }
  const value = await MODES[mode](component);
  if (value === null) {
    component.triggerEvent("cancel", {});
    return;
  }
  component.setData({ value });
  component.triggerEvent("change", { value });
}

/** @type {import("./define.js").Behaviour} */
export const picker = {
  role: "button",
  created(component, host) {
    makePressable(host);
    host.setAttribute("aria-haspopup", "dialog");
    component.addListener("tap", () => void open(component));
    component.harnessField = { value: () => component.data.value, reset: () => component.setData({ value: null }) };
  },
  observers: {
    disabled(component, host) {
      if (component.data.disabled) host.setAttribute("aria-disabled", "true");
      else host.removeAttribute("aria-disabled");
    },
  },
};
