// @ts-check
// The phone itself: what it does is written down, not done.
import { harness } from "../record.js";
import { later } from "./call.js";

let brightness = 0.5;
let clipboard = "";

harness.calendar = "accept";

export const device = {
  vibrateShort: later("vibrateShort", ({ type = "medium" }) => {
    harness.vibrations.push(type);
  }),
  vibrateLong: later("vibrateLong", () => {
    harness.vibrations.push("long");
  }),
  setScreenBrightness: later("setScreenBrightness", ({ value }) => {
    brightness = value;
  }),
  getScreenBrightness: later("getScreenBrightness", () => ({ value: brightness })),
  setKeepScreenOn: later("setKeepScreenOn", () => ({})),
  openLocation: later("openLocation", ({ latitude, longitude }) => {
    if (typeof latitude !== "number" || typeof longitude !== "number") throw "latitude and longitude must be numbers";
  }),
  addPhoneCalendar: later("addPhoneCalendar", ({ title, startTime }) => {
    if (!title || !Number.isInteger(startTime)) throw "title and startTime are needed";
    if (harness.calendar === "reject") throw "auth deny";
  }),
  makePhoneCall: later("makePhoneCall", ({ phoneNumber }) => {
    if (!phoneNumber) throw "phoneNumber is empty";
  }),
  setClipboardData: later("setClipboardData", ({ data }) => {
    clipboard = data;
  }),
  getClipboardData: later("getClipboardData", () => ({ data: clipboard })),
};
