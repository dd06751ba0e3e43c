// @ts-check
// The one way to the backend: login, one renewal, retry where it is safe, ETags. Pages call the
// functions of api/*.js; those call `read` and `write`.

const session = require("./session");
const { problemOf, ApiError } = require("./errors");
const { send, withQuery } = require("./transport");
const { uuid } = require("../utils/ids");
const behind = require("../utils/behind");
const { sleep } = require("../utils/sleep");

const ATTEMPTS = 3;
const FIRST_WAIT_MS = 600;
const LONGEST_WAIT_MS = 5000;
const CACHED_READS = 30;

/** @typedef {import("./transport").Exchange} Exchange */
/** @typedef {import("./transport").Answer} Answer */

/**
 * Answers of polled reads by user and address; the oldest go first.
 * @type {Map<string, {etag: string, data: any}>}
 */
const cache = new Map();

/**
 * @typedef {object} ReadOptions
 * @property {Exchange["query"]} [query]
 * @property {boolean} [login] send the login, logging in where needed; public reads go without
 * @property {boolean} [cached] ask with the ETag; unchanged data comes back as the same object
 * @property {number} [attempts] 1 for polled reads: the poll itself comes again
 * @property {string} [shownOn] the tab's page that shows it, where any may be on the screen meanwhile
 */

/**
 * Read something.
 * @param {string} path after /api/v1
 * @param {ReadOptions} [options]
 * @returns {Promise<any>} the answer's body; rejects with an ApiError
 */
async function read(path, { shownOn, ...options } = {}) {
  // Another page may be on top by the time of the answer.
  const shower = shownOn || behind.pageOnTop();
  try {
    const data = await readNow(path, options);
    behind.reportRead(path, true, shower);
    return data;
  } catch (error) {
    if (error instanceof ApiError && error.busy) behind.reportRead(path, false, shower);
    throw error;
  }
}

/**
 * @param {string} path
 * @param {Omit<ReadOptions, "shownOn">} options
 */
async function readNow(path, { query, login = false, cached = false, attempts = ATTEMPTS }) {
  const bearer = login ? await session.token() : "";
  const place = `${bearer} ${withQuery(path, query || {})}`;
  const before = cached ? cache.get(place) : undefined;
  /** @type {Record<string, string>} */
  const headers = before ? { "If-None-Match": before.etag } : {};
  const answer = await persist({ method: "GET", path, query, headers }, login, attempts);
  if (answer.status === 304 && before) return before.data;
  if (cached && answer.headers.etag) keep(place, answer.headers.etag, answer.data);
  return answer.data;
}

/**
 * @param {string} place
 * @param {string} etag
 * @param {any} data
 */
function keep(place, etag, data) {
  cache.delete(place);
  cache.set(place, { etag, data });
  if (cache.size > CACHED_READS) cache.delete(cache.keys().next().value || "");
}

/** Forget the kept answers: somebody else may use this phone next. */
function forgetReads() {
  cache.clear();
}

/**
 * Change something. The key makes it safe to send the same request again: one key for each press
 * of a button, kept by whoever repeats it.
 * @param {"POST" | "PUT" | "DELETE"} method
 * @param {string} path after /api/v1
 * @param {object} [body]
 * @param {{key?: string, attempts?: number}} [options] key: that of an earlier try of this press
 * @returns {Promise<any>} the answer's body, undefined for 204; rejects with an ApiError
 */
async function write(method, path, body, { key = uuid(), attempts = ATTEMPTS } = {}) {
  const headers = { "Idempotency-Key": key };
  const answer = await persist({ method, path, body: body || {}, headers }, true, attempts);
  return answer.status === 204 ? undefined : answer.data;
}

/**
 * Send a file as it is. It may be sent again: its address says which it is.
 * @param {string} path after /api/v1
 * @param {ArrayBuffer} content
 * @returns {Promise<any>} the answer's body; rejects with an ApiError
 */
async function upload(path, content) {
  const headers = { "Content-Type": "application/octet-stream" };
  return (await persist({ method: "PUT", path, body: content, headers }, true, ATTEMPTS)).data;
}

/**
 * Read a file.
 * @param {string} path after /api/v1
 * @returns {Promise<ArrayBuffer>} rejects with an ApiError
 */
async function download(path) {
  return (await persist({ method: "GET", path, bytes: true }, true, ATTEMPTS)).data;
}

/**
 * Send until there is an answer that settles it.
 * @param {Exchange} exchange
 * @param {boolean} login
 * @param {number} attempts
 * @returns {Promise<Answer>} a status below 400
 */
async function persist(exchange, login, attempts) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await sendAs(exchange, login);
    } catch (error) {
      // Logging in has its own patience (api/session.js).
      const mayRepeat = error instanceof ApiError && error.transient && !error.exhausted;
      // A longer wait is the person's: the sentence says how long.
      if (!mayRepeat || attempt >= attempts || error.waitMs > LONGEST_WAIT_MS) throw error;
      const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS);
      await sleep(Math.max(waitMs, error.waitMs));
    }
  }
}

/**
 * @param {Exchange} exchange
 * @param {boolean} login
 */
async function sendAs(exchange, login) {
  if (!login) return checked(await send(exchange));
  const bearer = await session.token();
  const answer = await send(withBearer(exchange, bearer));
  if (answer.status !== 401) return checked(answer);
  const renewed = await session.renew(bearer);
  return checked(await send(withBearer(exchange, renewed)));
}

/**
 * @param {Exchange} exchange
 * @param {string} bearer
 * @returns {Exchange}
 */
function withBearer(exchange, bearer) {
  return { ...exchange, headers: { ...exchange.headers, Authorization: `Bearer ${bearer}` } };
}

/** @param {Answer} answer */
function checked(answer) {
  if (answer.status >= 400) throw problemOf(answer.status, answer.data, answer.headers);
  return answer;
}

module.exports = { read, write, upload, download, forgetReads };
