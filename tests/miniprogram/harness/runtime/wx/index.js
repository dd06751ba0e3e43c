// @ts-check
// The global `wx`. What the harness does not have is an error when it is used, never undefined.
import { recordError } from "../record.js";
import { account } from "./account.js";
import { audio } from "./audio.js";
import { device } from "./device.js";
import { files } from "./files.js";
import { navigation } from "./navigation.js";
import { network } from "./network.js";
import { privacy } from "./privacy.js";
import { queries } from "./queries.js";
import { scanning } from "./scanning.js";
import { storage } from "./storage.js";
import { system } from "./system.js";
import { windows } from "./windows.js";

/** @type {Record<string, any>} */
const provided = {
  ...account,
  ...audio,
  ...device,
  ...files,
  ...navigation,
  ...network,
  ...privacy,
  ...queries,
  ...scanning,
  ...storage,
  ...system,
  ...windows,
  canIUse: (/** @type {string} */ schema) => schema.split(".")[0] in provided,
};

/** @type {any} */ (globalThis).wx = new Proxy(provided, {
  get(target, name) {
    if (typeof name === "symbol" || name in target) return target[/** @type {string} */ (name)];
    const error = new Error(`wx.${name} is not in the harness (tests/miniprogram/harness/runtime/wx)`);
    recordError("wx", error);
    throw error;
  },
});
