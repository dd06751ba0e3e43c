// @ts-check
// wx.request over real HTTP to where this page came from, whatever host the mini-program names;
// and a network that tests can slow down or cut.
import { localAddress } from "../dom.js";
import { harness, plain } from "../record.js";
import { finish, later } from "./call.js";

const DEFAULT_TIMEOUT_MS = 60_000;
const MAX_TIMEOUT_MS = 60_000;

let state = { offline: false, delayMs: 0 };
/** @type {Set<(status: { isConnected: boolean, networkType: string }) => void>} */
const listeners = new Set();

Object.defineProperty(harness, "network", {
  enumerable: true,
  get: () => state,
  set(next) {
    const before = state.offline;
    state = { offline: false, delayMs: 0, ...next };
    if (state.offline !== before) for (const listener of listeners) listener(status());
  },
});

function status() {
  return { isConnected: !state.offline, networkType: state.offline ? "none" : "wifi" };
}

/** @param {any} options */
function request(options) {
  const { method = "GET", timeout = DEFAULT_TIMEOUT_MS } = options;
  const cut = new AbortController();
  /** @type {Set<(answer: { header: any }) => void>} */
  const headersListeners = new Set();
  const log = { method: method.toUpperCase(), url: options.url, status: 0, data: plain(options.data) };
  harness.requests.push(log);
  const timer = setTimeout(() => cut.abort("timeout"), Math.min(timeout, MAX_TIMEOUT_MS));
  const answer = send(options, log, cut.signal)
    .then((received) => {
      for (const listener of headersListeners) listener({ header: received.header });
      return received;
    })
    .catch((reason) => Promise.reject(failure(reason, cut.signal)))
    .finally(() => clearTimeout(timer));
  finish("request", answer, options);
  return {
    abort: () => cut.abort("abort"),
    onHeadersReceived: (/** @type {any} */ listener) => headersListeners.add(listener),
    offHeadersReceived: (/** @type {any} */ listener) => headersListeners.delete(listener),
  };
}

/**
 * @param {any} options
 * @param {{ method: string, status: number }} log
 * @param {AbortSignal} signal
 */
async function send(options, log, signal) {
  const { method } = log;
  if (!["OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "CONNECT"].includes(method)) throw `invalid method ${method}`;
  if (state.delayMs) await pause(state.delayMs, signal);
  if (state.offline) throw "network is down";
  const headers = new Headers({ "content-type": "application/json", ...options.header });
  const { address, body } = placeData(options, method, headers);
  const answer = await fetch(address, { method, headers, body, signal, credentials: "omit", cache: "no-store" });
  const data = await readBody(answer, options);
  log.status = answer.status;
  return {
    data,
    statusCode: answer.status,
    header: Object.fromEntries(answer.headers),
    cookies: [],
    errMsg: "request:ok",
  };
}

/**
 * @param {any} options
 * @param {string} method
 * @param {Headers} headers
 * @returns {{ address: string, body: BodyInit | undefined }}
 */
function placeData({ url, data }, method, headers) {
  const address = localAddress(url);
  if (data === undefined) return { address, body: undefined };
  if (method === "GET" || method === "HEAD") {
    const query = new URLSearchParams(data).toString();
    return { address: query ? address + (address.includes("?") ? "&" : "?") + query : address, body: undefined };
  }
  if (typeof data === "string" || data instanceof ArrayBuffer) return { address, body: data };
  const isForm = headers.get("content-type")?.includes("urlencoded");
  return { address, body: isForm ? new URLSearchParams(data).toString() : JSON.stringify(data) };
}

/**
 * @param {Response} answer
 * @param {{ dataType?: string, responseType?: string }} options
 */
async function readBody(answer, { dataType = "json", responseType = "text" }) {
  if (responseType === "arraybuffer") return answer.arrayBuffer();
  const text = await answer.text();
  if (dataType !== "json") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    setTimeout(resolve, ms);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

/**
 * @param {any} reason
 * @param {AbortSignal} signal
 */
function failure(reason, signal) {
  if (signal.aborted) return { errMsg: `request:fail ${signal.reason}`, errno: signal.reason === "timeout" ? 5 : 600002 };
  return { errMsg: `request:fail ${reason?.message ?? reason}`, errno: 600001 };
}

export const network = {
  request,
  getNetworkType: later("getNetworkType", () => ({ networkType: status().networkType })),
  onNetworkStatusChange: (/** @type {any} */ listener) => void listeners.add(listener),
  offNetworkStatusChange: (/** @type {any} */ listener) => void (listener ? listeners.delete(listener) : listeners.clear()),
};
