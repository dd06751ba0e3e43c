// @ts-check
import { options } from "../runtime/options.js";
import { harness, recordCall, recordError } from "../runtime/record.js";
import { agree, requirePrivacy } from "../runtime/wx/privacy.js";
import { share } from "../runtime/wx/sharing.js";
import { makePressable, surrounding } from "./define.js";

/** @typedef {import("./define.js").Component} Component */

/** Buttons that make WeChat do something, by open-type; each raises its event with the answer. */
const OPEN_TYPES = /** @type {Record<string, (component: Component) => Promise<void> | void>} */ ({
  async getPhoneNumber(component) {
    await answer(component, "getphonenumber", "getPhoneNumber", () => {
      if (harness.phone === null) throw { errMsg: "user deny" };
      return { code: `phone:${harness.phone}:${crypto.randomUUID()}` };
    });
  },
  async chooseAvatar(component) {
    await answer(component, "chooseavatar", "chooseAvatar", () => ({ avatarUrl: AVATAR }));
  },
  agreePrivacyAuthorization(component) {
    agree();
    component.triggerEvent("agreeprivacyauthorization", { errMsg: "agreePrivacyAuthorization:ok" });
  },
  openSetting(component) {
    component.triggerEvent("opensetting", { errMsg: "openSetting:ok", authSetting: {} });
  },
  share(component) {
    share("button", { id: component.id, dataset: component.dataset });
  },
  contact() {},
  feedback() {},
});

const AVATAR =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E%3Ccircle cx='4' cy='4' r='4' fill='%23888'/%3E%3C/svg%3E";

harness.phone = phoneOf(options.user);

/**
 * @param {string} user
 * @returns {string} a phone number that is always the same for a user
 */
function phoneOf(user) {
  let hash = 0;
  for (const letter of user) hash = (hash * 31 + letter.charCodeAt(0)) % 100_000_000;
  return `139${String(hash).padStart(8, "0")}`;
}

/**
 * @param {Component} component
 * @param {string} event
 * @param {string} name
 * @param {() => any} give
 */
async function answer(component, event, name, give) {
  try {
    await requirePrivacy(name);
    component.triggerEvent(event, { errMsg: `${name}:ok`, ...give() });
  } catch (reason) {
    const { errMsg, errno } = /** @type {any} */ (reason);
    component.triggerEvent(event, { errMsg: `${name}:fail ${errMsg}`, errno });
  }
}

/** @param {Component} component */
function press(component) {
  const { formType, openType } = component.data;
  if (formType) surrounding(component.$$, "form")?.harnessForm(formType);
  for (const type of openType.split("|").filter(Boolean)) {
    recordCall(`button.${type}`, {});
    if (OPEN_TYPES[type]) OPEN_TYPES[type](component);
    else recordError("button", `open-type "${type}" is not in the harness`);
  }
}

/** @type {import("./define.js").Behaviour} */
export const button = {
  role: "button",
  created(component, host) {
    makePressable(host);
    component.addListener("tap", () => press(component));
    // A disabled button raises no tap, neither to itself nor to what is around it.
    const swallow = (/** @type {Event} */ event) => {
      if (component.data.disabled && host.contains(/** @type {Node} */ (event.target))) event.stopImmediatePropagation();
    };
    window.addEventListener("click", swallow, { capture: true });
  },
  observers: {
    "size,type,plain,disabled,loading"(component, host) {
      const { size, type, plain, disabled, loading } = component.data;
      host.setAttribute("size", size);
      host.setAttribute("type", type);
      host.toggleAttribute("plain", plain);
      host.toggleAttribute("disabled", disabled);
      host.toggleAttribute("loading", loading);
      if (disabled) host.setAttribute("aria-disabled", "true");
      else host.removeAttribute("aria-disabled");
    },
  },
};
