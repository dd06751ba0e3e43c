// @ts-check

const NETWORK = "network";
const PRIVACY_REFUSED = "privacy_refused";

/** A request that did not give what was asked for, with a sentence that can be shown. */
class ApiError extends Error {
  /**
   * @param {object} problem
   * @param {string} problem.code stable word to switch on; "network" where no answer came
   * @param {string} problem.title a Chinese sentence for the person
   * @param {number} [problem.status] HTTP status; 0 where no answer came
   * @param {Record<string, string[]>} [problem.errors] sentences by field
   * @param {number} [problem.waitMs] how long the server asks to wait, where somebody did too much
   * @param {Record<string, any>} [problem.more] what else the server tells with this code
   */
  constructor({ code, title, status = 0, errors = {}, waitMs = 0, more = {} }) {
    super(title);
    this.name = "ApiError";
    this.code = code;
    this.title = title;
    this.status = status;
    this.errors = errors;
    this.waitMs = waitMs;
    this.more = more;
    /** Whether the same has been tried for as long as makes sense: whoever asked tells the person. */
    this.exhausted = false;
  }

  /** No answer came, or none that settles anything: the same request may be sent again. */
  get transient() {
    return this.code === NETWORK || this.busy;
  }

  /** The person does not agree to the privacy guide: nothing asks them again by itself. */
  get declined() {
    return this.code === PRIVACY_REFUSED;
  }

  /** The server, or somebody before it, asks to come again in a moment. */
  get busy() {
    return [429, 502, 503, 504].includes(this.status);
  }
}

/** @param {string} [title] */
function networkError(title = "网络不太好，请稍后再试") {
  return new ApiError({ code: NETWORK, title });
}

/**
 * The error in an answer (problem+json, or whatever a proxy has put in its place).
 * @param {number} status
 * @param {unknown} data
 * @param {Record<string, string>} headers names in small letters
 */
function problemOf(status, data, headers) {
  const waitMs = status === 429 ? 1000 * (Number(headers["retry-after"]) || 0) : 0;
  if (data && typeof data === "object" && "code" in data) {
    const problem = /** @type {any} */ (data);
    const title = firstFieldError(problem.errors) || problem.detail || problem.title;
    return new ApiError({ code: problem.code, title, status, errors: problem.errors, waitMs, more: problem });
  }
  return new ApiError({ code: "unavailable", title: "服务正忙，请稍后再试", status, waitMs });
}

/** @param {Record<string, string[]> | undefined} errors */
function firstFieldError(errors) {
  const first = errors && Object.values(errors)[0];
  return Array.isArray(first) && typeof first[0] === "string" ? first[0] : "";
}

/**
 * The sentence to show for anything that was thrown.
 * @param {unknown} error
 * @returns {string}
 */
function sentenceOf(error) {
  return error instanceof ApiError ? error.title : "出了点问题，请退出后再试";
}

module.exports = { PRIVACY_REFUSED, ApiError, networkError, problemOf, sentenceOf };
