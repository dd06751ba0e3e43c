// @ts-check
// One HTTP exchange. Only api/request.js and api/session.js use it.

const config = require("../config");
const network = require("../utils/network");
const serverTime = require("../utils/server-time");
const { networkError } = require("./errors");

const TIMEOUT_MS = 10000;

/**
 * @typedef {object} Exchange
 * @property {"GET" | "POST" | "PUT" | "DELETE"} method
 * @property {string} path after /api/v1
 * @property {Record<string, string | number | boolean | null | undefined>} [query]
 * @property {object} [body] an ArrayBuffer goes as it is
 * @property {boolean} [bytes] whether the answer is taken as bytes
 * @property {Record<string, string>} [headers]
 */

/** Of a photo on its way through a market's crowded network. */
const UPLOAD_TIMEOUT_MS = 60000;

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {any} data
 * @property {Record<string, string>} headers names in small letters
 */

/**
 * Send one request.
 * @param {Exchange} exchange
 * @returns {Promise<Answer>} whatever the status; rejects with an ApiError where no answer came
 */
function send({ method, path, query = {}, body, headers = {}, bytes = false }) {
  return new Promise((resolve, reject) => {
    wx.request({
      url: config.apiBase() + withQuery(path, query),
      method,
      data: body,
      header: headers,
      timeout: body instanceof ArrayBuffer ? UPLOAD_TIMEOUT_MS : TIMEOUT_MS,
      responseType: bytes ? "arraybuffer" : "text",
      success: ({ statusCode, data, header }) => {
        const headers = smallNames(header);
        network.reportReached(true);
        serverTime.learn(headers.date);
        resolve({ status: statusCode, data, headers });
      },
      fail: () => {
        network.reportReached(false);
        reject(networkError());
      },
    });
  });
}

/**
 * @param {string} path
 * @param {NonNullable<Exchange["query"]>} query entries without a value are left out
 */
function withQuery(path, query) {
  const parts = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== null && value !== "")
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return parts.length ? `${path}?${parts.join("&")}` : path;
}

/** @param {Record<string, any> | undefined} header */
function smallNames(header) {
  return Object.fromEntries(
    Object.entries(header || {}).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
}

module.exports = { send, withQuery };
