// @ts-check
// Toast, loading, modal, action sheet.
import { chooseFrom, confirm, hideToast, showToast } from "../overlays.js";
import { harness } from "../record.js";
import { later } from "./call.js";

const TOAST_MS = 1500;
const MAX_ACTIONS = 6;
const MAX_BUTTON_LETTERS = 4;

export const windows = {
  showToast: later("showToast", ({ title, icon = "success", duration = TOAST_MS, mask = false }) => {
    harness.toasts.push(title);
    showToast({ title, icon, duration, mask });
  }),
  hideToast: later("hideToast", hideToast),
  showLoading: later("showLoading", ({ title, mask = false }) => showToast({ title, icon: "loading", mask })),
  hideLoading: later("hideLoading", hideToast),
  showModal: later("showModal", (options) => {
    for (const text of [options.confirmText, options.cancelText]) {
      if (text?.length > MAX_BUTTON_LETTERS) throw `a button's text has at most ${MAX_BUTTON_LETTERS} letters: ${text}`;
    }
    return confirm(options);
  }),
  showActionSheet: later("showActionSheet", async ({ alertText, itemList }) => {
    if (itemList.length > MAX_ACTIONS) throw `itemList should not have more than ${MAX_ACTIONS} items`;
    const tapIndex = await chooseFrom(alertText ?? "", itemList, -1);
    if (tapIndex === null) throw "cancel";
    return { tapIndex };
  }),
};
