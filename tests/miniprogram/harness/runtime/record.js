// @ts-check
// window.__harness: what tests look at, and the levers they pull.

/** @typedef {"accept" | "reject" | "off" | "broken"} Answer */

/**
 * @typedef {object} Harness
 * @property {string[]} errors everything that went wrong in the mini-program; a test fails on any
 * @property {{ name: string, options: any }[]} calls every wx function that was called
 * @property {{ method: string, url: string, status: number, data: any }[]} requests status 0: no answer
 * @property {string[]} toasts
 * @property {string[]} vibrations
 * @property {string[]} sounds what was played, by its file
 * @property {{ offline: boolean, delayMs: number }} network may be replaced at any time
 * @property {Answer | Promise<Answer>} subscription the user's answer to requestSubscribeMessage;
 *   "off": they have turned off all of our messages; "broken": WeChat could not ask
 * @property {string[]} album what is chosen from it next, as addresses
 * @property {() => string[]} userFiles what lies under wx.env.USER_DATA_PATH
 * @property {"accept" | "reject"} calendar whether the user lets us write into the phone's calendar
 * @property {{ title: string, path: string, imageUrl: string }[]} shared what was passed on
 * @property {() => Promise<void>} share the menu's "send to a friend" for the page on top
 * @property {() => void} shareTimeline the menu's "share on Moments"
 * @property {string | null} phone what getPhoneNumber gives; null: the user refuses
 * @property {(result: string | { result?: string, path?: string }) => void} scan what the camera sees
 * @property {() => void} cancelScan
 * @property {() => Promise<string[]>} codes what QR codes are on the screen
 * @property {() => void} hide the user leaves WeChat
 * @property {() => void} show the user comes back
 * @property {() => string} path the page on top, without query
 * @property {() => string[]} stack all open pages
 * @property {() => any} data of the page on top
 * @property {() => void} pullDown pull-down refresh
 */

/** @type {Harness} */
export const harness = /** @type {any} */ ({ errors: [], calls: [], requests: [], toasts: [], vibrations: [] });
/** @type {any} */ (window).__harness = harness;

/**
 * @param {string} where
 * @param {unknown} error
 */
export function recordError(where, error) {
  const reason = /** @type {any} */ (error);
  const text = reason?.stack ?? reason?.errMsg ?? (typeof reason === "object" ? JSON.stringify(reason) : String(reason));
  harness.errors.push(`${where}: ${text}`);
  console.error(`[mini-program] ${where}:`, error);
}

/**
 * @param {string} name
 * @param {unknown} options
 */
export function recordCall(name, options) {
  harness.calls.push({ name, options: plain(options) });
}

/**
 * @param {any} value
 * @returns {any} a copy without functions, as WeChat passes data between its threads
 */
export function plain(value) {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

window.addEventListener("unhandledrejection", (event) => recordError("unhandled rejection", event.reason));
window.addEventListener("error", (event) => recordError("error", event.error ?? event.message));
