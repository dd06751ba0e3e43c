// @ts-check
// What is kept on the phone until the server has answered, by kind: what is sent anew at each try,
// and what stays of an answer that nobody waited for any more. The names stand in phones' storage.

/** @typedef {import("../api/types").ScanAnswer} ScanAnswer */

/**
 * @typedef {object} Kind
 * @property {(body: object) => object} fresh the body as it is sent now
 * @property {(answer: any) => {refused?: string, answer?: unknown} | null} settle what stays of a
 *   late answer: why it was refused, or what `page` has still to show; null where it is done
 * @property {string} page that shows what stays, one by one; empty where the bar at the top does
 */

/**
 * The phone's clock at this upload: so the server knows how long a scan has waited, however wrong
 * that clock is.
 * @param {object} body
 */
function stamped(body) {
  return { ...body, sent_at: new Date().toISOString() };
}

/**
 * A scan is judged in an answer that is no error.
 * @param {ScanAnswer} answer
 */
function refusal(answer) {
  return answer.verdict === "refused" ? { refused: answer.message, answer } : null;
}

const KINDS = {
  /** One's own check-in. */
  scan: { fresh: stamped, settle: refusal, page: "" },
  "volunteer-scan": {
    fresh: stamped,
    settle: (/** @type {ScanAnswer} */ answer) => refusal(answer) || { answer },
    page: "/packages/volunteer/pages/records/records",
  },
  rating: { fresh: asItIs, settle: done, page: "" },
  cancel: { fresh: asItIs, settle: done, page: "" },
  /** A need, or one's voice in it. */
  need: { fresh: asItIs, settle: done, page: "" },
  keep: { fresh: asItIs, settle: done, page: "" },
};

/** @param {object} body */
function asItIs(body) {
  return body;
}

function done() {
  return null;
}

/** @typedef {keyof typeof KINDS} KindName */

/**
 * @param {KindName} name
 * @returns {Kind}
 */
function kindOf(name) {
  return KINDS[name];
}

module.exports = { kindOf };
