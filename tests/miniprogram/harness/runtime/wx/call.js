// @ts-check
// How wx functions are called: with callbacks, or awaited.
import { recordCall, recordError } from "../record.js";

/**
 * A wx function that answers later.
 * @param {string} name
 * @param {(options: any) => any} run returns the answer, or throws the reason (a word, or an
 *   object with errMsg and perhaps errno)
 */
export function later(name, run) {
  return (/** @type {any} */ options = {}) => {
    recordCall(name, options);
    const answer = Promise.resolve()
      .then(() => run(options))
      .then(
        (result) => ({ errMsg: `${name}:ok`, ...result }),
        (reason) => Promise.reject(failure(name, reason)),
      );
    const { success, fail, complete } = options;
    if (!success && !fail && !complete) return answer;
    finish(name, answer, { success, fail, complete });
    return undefined;
  };
}

/**
 * @param {string} name
 * @param {Promise<any>} answer
 * @param {{ success?: (result: any) => void, fail?: (reason: any) => void, complete?: (any: any) => void }} callbacks
 */
export function finish(name, answer, { success, fail, complete }) {
  answer
    .then(
      (result) => {
        success?.(result);
        complete?.(result);
      },
      (reason) => {
        fail?.(reason);
        complete?.(reason);
      },
    )
    .catch((error) => recordError(`callback of wx.${name}`, error));
}

/**
 * @param {string} name
 * @param {any} reason
 */
function failure(name, reason) {
  if (reason?.errMsg) return { ...reason, errMsg: `${name}:fail ${reason.errMsg}` };
  return { errMsg: `${name}:fail ${reason?.message ?? reason}` };
}
