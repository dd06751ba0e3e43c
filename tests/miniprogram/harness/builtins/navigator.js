// @ts-check
import { makePressable } from "./define.js";

const OPENERS = /** @type {Record<string, string>} */ ({
  navigate: "navigateTo",
  redirect: "redirectTo",
  switchTab: "switchTab",
  reLaunch: "reLaunch",
  navigateBack: "navigateBack",
});

/** @type {import("./define.js").Behaviour} */
export const navigator = {
  role: "link",
  created(component, host) {
    makePressable(host);
    component.addListener("tap", () => {
      const { url, openType, delta } = component.data;
      // Through wx, as its users do: the call is written down, and a bad address is an error.
      /** @type {any} */ (globalThis).wx[OPENERS[openType]](openType === "navigateBack" ? { delta } : { url });
    });
  },
};
