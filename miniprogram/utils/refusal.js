// @ts-check
// Why something that was pressed has not been done: said where the finger is, and at the fields to
// blame, of which the first is brought up and takes the keyboard. The one way for every page.
//
// Buttons in the bar at the bottom: <action-bar refusal="{{refusal.text}}">. Any other button has
// <refusal-note text="{{refusal.by === 'save' ? refusal.text : ''}}" /> before it. A field to blame
// has its name for an id.

const { ApiError, sentenceOf } = require("../api/errors");
const { bringUp } = require("./bring-up");

/**
 * @typedef {object} Refusal
 * @property {string} text the sentence; empty for none
 * @property {string} by which button it belongs to, where a page has several that stand apart
 * @property {Record<string, string>} faults sentences by field
 * @property {string} at the field that is brought up
 */

/** @typedef {{data: {refusal: Refusal}, setData: (data: {refusal: Refusal}) => void}} Page */

/** @type {Refusal} */
const NO_REFUSAL = { text: "", by: "", faults: {}, at: "" };

/**
 * Tell why.
 * @param {Page} page
 * @param {unknown} reason a sentence, sentences by field (from the top of the page down), or
 *   whatever was thrown
 * @param {string} [by] the button's name, where the page has several that stand apart
 */
function refuse(page, reason, by = "") {
  const faults = faultsOf(reason);
  const [at = ""] = Object.keys(faults);
  const text = typeof reason === "string" ? reason : faults[at] || sentenceOf(reason);
  // A field that is brought up again takes the keyboard again.
  if (page.data.refusal.at) page.setData({ refusal: NO_REFUSAL });
  page.setData({ refusal: { text, by, faults, at } });
  // A field that is not on this page is told in the sentence alone.
  if (at) bringUp(`#${at}`);
}

/**
 * @param {unknown} reason
 * @returns {Record<string, string>}
 */
function faultsOf(reason) {
  if (reason instanceof ApiError) return firstSentences(reason.errors || {});
  return typeof reason === "object" && reason !== null && !(reason instanceof Error)
    ? /** @type {Record<string, string>} */ (reason)
    : {};
}

/**
 * The first sentence of each field; those of a part of the body stand within it.
 * @param {Record<string, any>} errors
 * @returns {Record<string, string>}
 */
function firstSentences(errors) {
  return Object.fromEntries(
    Object.entries(errors).flatMap(([field, said]) =>
      Array.isArray(said) ? [[field, said[0]]] : Object.entries(firstSentences(said)),
    ),
  );
}

/**
 * Something was changed: what was said of it is over.
 * @param {Page} page
 * @param {string} [field] that was changed; what is wrong with others stays
 */
function mend(page, field = "") {
  const { refusal } = page.data;
  const { [field]: mended, ...faults } = refusal.faults;
  // The field keeps the keyboard.
  if (refusal.text || mended) page.setData({ refusal: { ...refusal, text: "", faults } });
}

/**
 * The person has been elsewhere and may have done what was missing: every page that refuses calls
 * it in onShow.
 * @param {Page} page
 * @param {string} [field] with which nothing can have been done elsewhere: what is wrong with it stays
 */
function comeBack(page, field = "") {
  const { text, faults } = page.data.refusal;
  const stays = faults[field] ? { [field]: faults[field] } : {};
  if (text || Object.keys(faults).length) page.setData({ refusal: { ...NO_REFUSAL, faults: stays } });
}

module.exports = { NO_REFUSAL, refuse, mend, comeBack };
