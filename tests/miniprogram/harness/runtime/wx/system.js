// @ts-check
// Facts about phone, window and WeChat.
import { options } from "../options.js";
import { launch } from "../router.js";
import { CAPSULE, pageArea, STATUS_BAR_HEIGHT } from "../screen.js";
import { later } from "./call.js";

const NORMAL_FONT_SIZE = 16;

function getWindowInfo() {
  const { width, height, top } = pageArea();
  return {
    pixelRatio: devicePixelRatio,
    screenWidth: innerWidth,
    screenHeight: innerHeight,
    windowWidth: width,
    windowHeight: height,
    statusBarHeight: STATUS_BAR_HEIGHT,
    screenTop: top,
    safeArea: { left: 0, right: innerWidth, top: STATUS_BAR_HEIGHT, bottom: innerHeight, width: innerWidth, height: innerHeight - STATUS_BAR_HEIGHT },
  };
}

function getAppBaseInfo() {
  return {
    SDKVersion: "3.10.0",
    version: "8.0.60",
    language: "zh_CN",
    theme: "light",
    enableDebug: false,
    host: { env: "WeChat" },
    fontSizeSetting: NORMAL_FONT_SIZE * options.fontScale,
    fontSizeScaleFactor: options.fontScale,
  };
}

function getDeviceInfo() {
  return { brand: "harness", model: "harness", system: "iOS 17.0", platform: "ios", benchmarkLevel: 50, abi: "", deviceAbi: "" };
}

function getSystemSetting() {
  return { bluetoothEnabled: false, locationEnabled: true, wifiEnabled: true, deviceOrientation: "portrait" };
}

function getMenuButtonBoundingClientRect() {
  const { width, height, top, marginRight } = CAPSULE;
  const right = innerWidth - marginRight;
  return { width, height, top, bottom: top + height, left: right - width, right };
}

function getSystemInfoSync() {
  return { ...getWindowInfo(), ...getAppBaseInfo(), ...getDeviceInfo(), ...getSystemSetting() };
}

/** The harness never raises these: hide and show go through App and Page. */
const ignore = () => {};

export const system = {
  getWindowInfo,
  getAppBaseInfo,
  getDeviceInfo,
  getSystemSetting,
  getMenuButtonBoundingClientRect,
  getSystemInfoSync,
  getSystemInfo: later("getSystemInfo", getSystemInfoSync),
  getLaunchOptionsSync: () => launch,
  getEnterOptionsSync: () => launch,
  getSetting: later("getSetting", () => ({ authSetting: {} })),
  openSetting: later("openSetting", () => ({ authSetting: {} })),
  nextTick: (/** @type {() => void} */ callback) => void setTimeout(callback),
  onError: ignore,
  offError: ignore,
  onUnhandledRejection: ignore,
  onMemoryWarning: ignore,
  onThemeChange: ignore,
  offThemeChange: ignore,
  onWindowResize: ignore,
  offWindowResize: ignore,
  onKeyboardHeightChange: ignore,
  offKeyboardHeightChange: ignore,
  onUserCaptureScreen: ignore,
  offUserCaptureScreen: ignore,
  hideKeyboard: later("hideKeyboard", () => {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  }),
};
