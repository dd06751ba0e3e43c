// @ts-check
// Writes that must not be lost (a scan, a rating, a cancellation): kept on the phone, one storage
// key for each, until the server has answered. Sent at once, at start and when the network is back.

const { ApiError } = require("../api/errors");
const { write } = require("../api/request");
const network = require("./network");
const { kindOf } = require("./outbox-kinds");
const { createSignal } = require("./signal");
const { sleep } = require("./sleep");
const { uuid } = require("./ids");

const PREFIX = "outbox:";

/** @typedef {{key: string, data: any} | null} Delivered */
/** @typedef {{data: any} | {error: unknown}} Outcome */
/** @typedef {import("./outbox-kinds").KindName} KindName */

/**
 * @typedef {object} Entry
 * @property {string} key also the Idempotency-Key, so that sending twice does no harm
 * @property {KindName} kind what becomes of its answer, and which page shows it
 * @property {string} title what it is in the person's words: 「评价：义剪」
 * @property {"POST" | "PUT" | "DELETE"} method
 * @property {string} path
 * @property {object} body
 * @property {number} at when it was made, ms
 * @property {string} [refused] why the server will not take it
 * @property {any} [problem] what it said beside that
 * @property {any} [answer] what the server said late, until its kind's page has taken it
 */

const changes = createSignal(0);
/** What was sent late, as it is answered. @type {ReturnType<typeof createSignal<Delivered>>} */
const delivered = createSignal(/** @type {Delivered} */ (null));
/** Those on their way, by key. @type {Map<string, Entry>} */
const sending = new Map();
/** What the storage holds, by key: hundreds of scans are looked through at every change. */
const known = readKept();
let flushing = false;

/** @returns {Map<string, Entry>} */
function readKept() {
  const keys = wx.getStorageInfoSync().keys.filter((key) => key.startsWith(PREFIX));
  return new Map(keys.map((key) => [key.slice(PREFIX.length), wx.getStorageSync(key)]));
}

/** @returns {Entry[]} oldest first */
function entries() {
  return [...known.values()].sort((one, other) => one.at - other.at);
}

/** @param {string} key */
function remove(key) {
  known.delete(key);
  wx.removeStorageSync(PREFIX + key);
}

/** Those that wait for the network; not the one that is on its way. */
function pending() {
  return entries().filter((entry) => isUnanswered(entry) && !sending.has(entry.key));
}

/** @param {Entry} entry */
function isUnanswered({ refused: reason, answer }) {
  return !reason && answer === undefined;
}

/**
 * Those of a kind that have not been answered, the one on its way too.
 * @param {KindName} kind
 */
function unanswered(kind) {
  return entries().filter((entry) => entry.kind === kind && isUnanswered(entry));
}

/**
 * Whether a write to this path is kept and not refused: it is on its way, or will be.
 * @param {string} path
 */
function holds(path) {
  return entries().some((entry) => entry.path === path && isUnanswered(entry));
}

/** Those that the server would not take later on: to be shown, then dismissed. */
function refused() {
  return entries().filter((entry) => entry.refused);
}

/**
 * Those of a kind that the server took late; each is told once.
 * @param {KindName} kind
 */
function takeAnswered(kind) {
  const taken = entries().filter((one) => one.kind === kind && one.answer !== undefined && !one.refused);
  taken.forEach(({ key }) => remove(key));
  if (taken.length) announce();
  return taken;
}

/**
 * Ask again about one that was refused: the reason may be gone. The server gives a scan that it
 * has judged its first answer.
 * @param {string} key
 */
function retry(key) {
  const entry = known.get(key);
  if (!entry) return;
  keep({ ...entry, refused: undefined, answer: undefined });
  flush();
}

/**
 * Call one that is kept by another title: the person knows more about it now.
 * @param {string} key
 * @param {string} title
 */
function retitle(key, title) {
  // The very object that is on its way, so that its answer is kept with the new title too.
  const entry = sending.get(key) || known.get(key);
  if (!entry) return;
  entry.title = title;
  keep(entry);
}

/** @param {Entry} entry */
function keep(entry) {
  known.set(entry.key, entry);
  wx.setStorageSync(PREFIX + entry.key, entry);
  announce();
}

/** @param {string} key */
function dismiss(key) {
  remove(key);
  announce();
}

function announce() {
  changes.set(changes.get() + 1);
}

/**
 * Keep a write and try to send it.
 * @param {Omit<Entry, "key" | "at"> & {key?: string}} draft
 * @param {{patienceMs?: number}} [options] how long to wait for the answer; it goes on being sent
 * @returns {Promise<{sent: true, data: any} | {sent: false, key: string}>} `sent: false` when it
 *   waits for the network (`followDelivered` tells of its answer); rejects with an ApiError when
 *   the server refuses it, and then it is not kept
 */
async function submit(draft, { patienceMs } = {}) {
  /** @type {Entry} */
  const entry = { key: uuid(), at: Date.now(), ...draft };
  sending.set(entry.key, entry);
  keep(entry);
  const sent = deliver(entry).then((data) => ({ data }), (error) => ({ error }));
  const outcome = await (patienceMs === undefined ? sent : Promise.race([sent, sleep(patienceMs)]));
  if (!outcome) {
    sent.then((late) => settle(entry, late));
    return { sent: false, key: entry.key };
  }
  if ("data" in outcome) return { sent: true, data: outcome.data };
  if (isLost(outcome.error)) return { sent: false, key: entry.key };
  dismiss(entry.key);
  throw outcome.error;
}

/** @param {unknown} error */
function isLost(error) {
  return error instanceof ApiError && error.transient;
}

/** @param {Entry} entry */
async function deliver(entry) {
  sending.set(entry.key, entry);
  try {
    const options = { key: entry.key, attempts: 1 };
    const data = await write(entry.method, entry.path, kindOf(entry.kind).fresh(entry.body), options);
    dismiss(entry.key);
    return data;
  } finally {
    sending.delete(entry.key);
    announce();
  }
}

/** Send what waits, oldest first; one that is refused never holds up the rest. */
async function flush() {
  if (flushing) return;
  flushing = true;
  try {
    for (const entry of pending()) {
      if (!(await deliverLater(entry))) break;
    }
  } finally {
    flushing = false;
  }
}

/**
 * @param {Entry} entry
 * @returns {Promise<boolean>} false when the network is away, so that the rest can wait too
 */
async function deliverLater(entry) {
  return settle(entry, await deliver(entry).then((data) => ({ data }), (error) => ({ error })));
}

/**
 * Note what came of a write after its page had stopped waiting for it.
 * @param {Entry} entry
 * @param {Outcome} outcome
 * @returns {boolean} false when the network is away
 */
function settle(entry, outcome) {
  if ("data" in outcome) {
    const { data } = outcome;
    const stays = kindOf(entry.kind).settle(data);
    if (stays) keep({ ...entry, ...stays });
    delivered.set({ key: entry.key, data });
    return true;
  }
  const { error } = outcome;
  if (!(error instanceof ApiError)) throw error;
  if (error.transient || error.declined) return false;
  keep({ ...entry, refused: error.title, problem: error.more });
  return true;
}

/**
 * Call `follower` whenever fewer wait for the network than before.
 * @param {() => void} follower
 * @returns {() => void} stops it
 */
function followSent(follower) {
  let before = pending().length;
  return changes.follow(() => {
    const waiting = pending().length;
    if (waiting < before) follower();
    before = waiting;
  });
}

/** Begin to send by itself; called once, at launch. */
function watch() {
  network.follow((online) => {
    if (online) flush();
  });
}

/** Throw everything away: the person logs out or closes the account. */
function clear() {
  entries().forEach(({ key }) => dismiss(key));
}

module.exports = {
  submit, flush, watch, pending, unanswered, holds, refused, takeAnswered, retry, retitle,
  dismiss, clear, follow: changes.follow, followSent, followDelivered: delivered.follow,
};
