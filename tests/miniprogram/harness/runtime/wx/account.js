// @ts-check
// Who the user is: login, subscriptions, the mini-program itself.
import { gesture } from "../engine.js";
import { options } from "../options.js";
import { harness, recordError } from "../record.js";
import { later } from "./call.js";

const MAX_TEMPLATES = 3;
let asking = false;

harness.subscription = "accept";

export const account = {
  // The stand-in WeChat knows everybody by such a code (backend/gateways/fake_wechat).
  login: later("login", () => ({ code: `ok:${options.user}` })),
  checkSession: later("checkSession", () => ({})),
  getAccountInfoSync: () => ({ miniProgram: { appId: "wx-standin", envVersion: "develop", version: "" }, plugin: {} }),
  requestSubscribeMessage(/** @type {any} */ given) {
    // WeChat opens the window only from within the tap's own handler, not after an await.
    const tapped = gesture.active;
    return later("requestSubscribeMessage", async ({ tmplIds }) => {
      if (tmplIds.length > MAX_TEMPLATES) throw { errMsg: "no more than 3 templates", errno: 20003 };
      if (!tapped) {
        recordError("wx.requestSubscribeMessage", "can only be invoked by user TAP gesture");
        throw { errMsg: "can only be invoked by user TAP gesture.", errCode: 20001 };
      }
      if (asking) throw "last call has not ended";
      asking = true;
      const answer = await harness.subscription;
      asking = false;
      if (answer === "broken") throw { errMsg: "request list fail", errCode: 20002 };
      if (answer === "off") throw { errMsg: "The main switch is switched off", errCode: 20004 };
      return Object.fromEntries(tmplIds.map((/** @type {string} */ id) => [id, answer]));
    })(given);
  },
  getUpdateManager: () => ({
    onCheckForUpdate() {},
    onUpdateReady() {},
    onUpdateFailed() {},
    applyUpdate() {},
  }),
  reportEvent() {},
};
