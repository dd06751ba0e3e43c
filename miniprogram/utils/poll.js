// @ts-check

const network = require("./network");

const LONGEST_MS = 60000;

/**
 * Read something again and again while its page is shown: `start` in onShow, `stop` in onHide and
 * onUnload. After a failure it waits twice as long each time.
 * @template T
 * @param {object} options
 * @param {() => Promise<T>} options.read with `cached: true`, so that no change costs nothing
 * @param {() => number} options.every ms until the next read
 * @param {(data: T) => void} options.onChange called when the data is not the same object
 * @param {(error: unknown) => void} options.onError
 */
function createPoll({ read, every, onChange, onError }) {
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;
  let run = 0;
  let failures = 0;
  /** @type {T | undefined} */
  let last;
  let unfollow = () => {};

  /** @param {number} mine */
  async function tick(mine) {
    timer = null;
    const outcome = await attempt();
    if (mine !== run) return;
    failures = outcome.failed ? failures + 1 : 0;
    try {
      if (outcome.failed) onError(outcome.error);
      else hand(outcome.data);
    } finally {
      // After the page has taken the data: what it shows may decide how soon to ask again.
      if (mine === run) timer = setTimeout(() => tick(mine), wait());
    }
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

  function wait() {
    const longest = Math.max(LONGEST_MS, every());
    return Math.min(every() * 2 ** failures, longest);
  }

  /** Don't wait for the next turn when the network is back. @param {boolean} online */
  function onNetwork(online) {
    if (!online || failures === 0 || !timer) return;
    clearTimeout(timer);
    tick(run);
  }

  function stop() {
    run += 1;
    if (timer) clearTimeout(timer);
    timer = null;
    unfollow();
  }

  /**
   * Read now, then at the interval.
   * @param {number} [pauseMs] before the first read
   * @returns {Promise<void>} after the first read, if that is now
   */
  async function start(pauseMs = 0) {
    stop();
    unfollow = network.follow(onNetwork);
    const mine = run;
    if (pauseMs) timer = setTimeout(() => tick(mine), pauseMs);
    else await tick(mine);
  }

  /** Show the next answer even if it has not changed: the page has been made anew. */
  function reset() {
    last = undefined;
    failures = 0;
  }

  return { start, stop, reset };
}

module.exports = { createPoll };
