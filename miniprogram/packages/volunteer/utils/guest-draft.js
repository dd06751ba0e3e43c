// @ts-check
// Whom a volunteer has begun to write in: kept until it is done, and begun with what was searched
// for in vain.

const { draftOf } = require("../../../utils/draft");
const { mobileOf } = require("../../../utils/phone-number");
const { askedFor } = require("../api/residents");

/** @typedef {{name: string, phone: string}} Begun */

/**
 * @param {"write-in" | "ticket"} where the form is
 * @param {string} id of its market or its stall
 * @returns {ReturnType<typeof draftOf<Begun>>}
 */
function guestDraft(where, id) {
  return draftOf(`${where}:${id}`);
}

/**
 * What a search already tells of a guest: the name, or the whole number; of its last four digits
 * nothing.
 * @param {string} words
 * @returns {Begun}
 */
function begunWith(words) {
  const asked = askedFor(words.trim());
  return "name" in asked ? { name: asked.name, phone: "" } : { name: "", phone: mobileOf(asked.phone) };
}

module.exports = { begunWith, guestDraft };
