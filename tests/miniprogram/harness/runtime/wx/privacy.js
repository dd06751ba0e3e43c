// @ts-check
// The privacy consent that WeChat demands before personal data is touched ("__usePrivacyCheck__").
import { definition } from "../definition.js";
import { confirm } from "../overlays.js";
import { options } from "../options.js";
import { later } from "./call.js";

const STORED = `mp-privacy:${options.user}`;
const NOT_AUTHORIZED = { errMsg: "privacy permission is not authorized", errno: 104 };

/** @type {Set<(resolve: (answer: { event: string }) => void, about: { referrer: string }) => void>} */
const listeners = new Set();

function needed() {
  return definition.app.__usePrivacyCheck__ === true && !localStorage.getItem(STORED);
}

/** The user has agreed, by a button of the page or by WeChat's own window. */
export function agree() {
  localStorage.setItem(STORED, "agreed");
}

/**
 * Ask for the consent if it is still missing.
 * @param {string} referrer the interface that needs it
 * @throws NOT_AUTHORIZED when the user refuses
 */
export async function requirePrivacy(referrer) {
  if (!needed()) return;
  const answer = await (listeners.size ? askPage(referrer) : askUser());
  if (answer !== "agree") throw NOT_AUTHORIZED;
  agree();
}

/**
 * @param {string} referrer
 * @returns {Promise<string>} what the page's own window says
 */
function askPage(referrer) {
  return new Promise((resolve) => {
    for (const listener of listeners) {
      listener(({ event }) => event !== "exposureAuthorization" && resolve(event), { referrer });
    }
  });
}

/** WeChat's own window, where the mini-program has none. */
async function askUser() {
  const { confirm: agreed } = await confirm({
    title: "用户隐私保护提示",
    content: "使用前请阅读并同意《用户隐私保护指引》",
    cancelText: "拒绝",
    confirmText: "同意",
  });
  return agreed ? "agree" : "disagree";
}

export const privacy = {
  getPrivacySetting: later("getPrivacySetting", () => ({ needAuthorization: needed(), privacyContractName: "《用户隐私保护指引》" })),
  requirePrivacyAuthorize: later("requirePrivacyAuthorize", () => requirePrivacy("requirePrivacyAuthorize")),
  onNeedPrivacyAuthorization: (/** @type {any} */ listener) => void listeners.add(listener),
  openPrivacyContract: later("openPrivacyContract", () =>
    confirm({ title: "《用户隐私保护指引》", content: "此处由微信显示在公众平台填写的指引。", showCancel: false }).then(() => ({})),
  ),
};
