// @ts-check
import { element } from "../runtime/dom.js";

/** @type {import("./define.js").Behaviour} */
export const slider = {
  labelled: (host) => host.querySelector("input"),
  created(component, host) {
    const input = element("input", "", host);
    const shown = element("span", "", host);
    input.type = "range";
    input.oninput = () => {
      shown.textContent = component.data.showValue ? input.value : "";
      component.triggerEvent("changing", { value: Number(input.value) });
    };
    input.onchange = () => {
      component.setData({ value: Number(input.value) });
      component.triggerEvent("change", { value: Number(input.value) });
    };
    component.harnessField = { value: () => Number(input.value), reset: () => component.setData({ value: component.data.min }) };
  },
  observers: {
    "value,min,max,step,disabled,showValue"(component, host) {
      const { value, min, max, step, disabled, showValue } = component.data;
      Object.assign(host.querySelector("input"), { min, max, step, disabled, value });
      host.querySelector("span").textContent = showValue ? String(value) : "";
    },
  },
};
