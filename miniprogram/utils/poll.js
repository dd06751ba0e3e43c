// @ts-check

const { ApiError } = require("../api/errors");
const network = require("./network");

const LONGEST_MS = 60000;

/**
 * Something that is read again and again while it is looked at, the one way for whatever is:
 * `begin` in onShow, `rest` in onHide and onUnload. After a failure it waits longer each time, no
 * more when the network is back; it asks nobody again who has declined to log in.
 * @template T
 * @param {object} options
 * @param {() => Promise<T>} options.read with `cached: true`, so that no change costs nothing
 * @param {() => number} options.every ms until the next read
 * @param {{firstMs: number, longestMs: number}} [options.retry] how long to wait after a failure;
 *   each further one doubles it. Without it twice as long as usual, a minute at most
 * @param {(data: T) => void} options.onChange called when the data is not the same object
 * @param {(error: unknown) => void} options.onError
 */
function createPoll({ read, every, retry, onChange, onError }) {
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;
  /** Whether somebody looks: while nobody does, nothing is read by itself. */
  let shown = false;
  /** Counts the reads: an answer that another one has replaced is dropped. */
  let turn = 0;
  let failures = 0;
  /** @type {T | undefined} */
  let last;
  let unfollow = () => {};

  /**
   * It is shown: read now, or after a pause, and at the interval from then on.
   * @param {number} [pauseMs]
   * @returns {Promise<void>} after the first read, if that is now
   */
  async function begin(pauseMs = 0) {
    rest();
    shown = true;
    unfollow = network.follow(onNetwork);
    if (pauseMs) later(pauseMs);
    else await refresh();
  }

  /** It is not shown any more. */
  function rest() {
    shown = false;
    drop();
    unfollow();
  }

  /** Read now, instead of what is on its way; while it is not shown, this once. */
  async function refresh() {
    drop();
    const mine = turn;
    const outcome = await attempt();
    if (mine !== turn) return;
    failures = outcome.failed ? failures + 1 : 0;
    try {
      if (outcome.failed) onError(outcome.error);
      else hand(outcome.data);
    } finally {
      // After the page has taken the data: what it shows may decide how soon to ask again.
      if (mine === turn && shown && !isDeclined(outcome)) later(waitMs());
    }
  }

  /** Show the next answer even if it has not changed: the page has been made anew. */
  function reset() {
    last = undefined;
    failures = 0;
  }

  function drop() {
    turn += 1;
    if (timer) clearTimeout(timer);
    timer = null;
  }

  /** @param {number} ms */
  function later(ms) {
    timer = setTimeout(refresh, ms);
  }

  /** @returns {Promise<{failed: false, data: T} | {failed: true, error: unknown}>} */
  async function attempt() {
    try {
      return { failed: false, data: await read() };
    } catch (error) {
      return { failed: true, error };
    }
  }

  /** @param {T} data */
  function hand(data) {
    if (data === last) return;
    last = data;
    onChange(data);
  }

  function waitMs() {
    const usual = every();
    if (failures === 0) return usual;
    const { firstMs, longestMs } =
      retry || { firstMs: 2 * usual, longestMs: Math.max(LONGEST_MS, usual) };
    return Math.min(firstMs * 2 ** (failures - 1), longestMs);
  }

  /** @param {boolean} online */
  function onNetwork(online) {
    if (online && failures > 0 && timer) refresh();
  }

  return { begin, rest, refresh, reset };
}

/** @param {{failed: boolean, error?: unknown}} outcome */
function isDeclined({ error }) {
  return error instanceof ApiError && error.declined;
}

module.exports = { createPoll };
