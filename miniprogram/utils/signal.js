// @ts-check

/**
 * A value that others can follow.
 * @template T
 * @param {T} initial
 */
function createSignal(initial) {
  let value = initial;
  /** @type {Set<(value: T) => void>} */
  const followers = new Set();
  return {
    get: () => value,
    /** @param {T} next */
    set(next) {
      if (next === value) return;
      value = next;
      followers.forEach((follower) => follower(value));
    },
    /**
     * Call `follower` now and at each change.
     * @param {(value: T) => void} follower
     * @returns {() => void} stops it
     */
    follow(follower) {
      followers.add(follower);
      follower(value);
      return () => {
        followers.delete(follower);
      };
    },
  };
}

module.exports = { createSignal };
