// @ts-check
// Whom a volunteer has begun to write in: kept until it is done, today, and begun with what was
// searched for in vain. A name and a number of somebody else's don't stay on this phone overnight.

const { forToday } = require("../../../utils/for-today");
const { mobileOf } = require("../../../utils/phone-number");
const { askedFor } = require("../api/residents");

/** @typedef {{name: string, phone: string}} Begun */

/**
 * @param {"write-in" | "ticket"} where the form is
 * @param {string} id of its market or its stall
 */
function guestDraft(where, id) {
  /** @type {ReturnType<typeof forToday<Begun>>} */
  const kept = forToday(`${where}:${id}`);
  return {
    /** @returns {Begun | null} null where nothing was begun today */
    get() {
      const begun = kept.get();
      return begun && { name: begun.name, phone: begun.phone };
    },
    /** @param {Begun} begun with nothing in it: nothing is begun */
    keep({ name, phone }) {
      if (name || phone) kept.set({ name, phone });
      else kept.forget();
    },
    /** What was searched for in vain, where that is somebody else than was begun. @param {Begun} begun */
    begin(begun) {
      const same = !begun.phone && begun.name === kept.get()?.name;
      if ((begun.name || begun.phone) && !same) kept.set(begun);
    },
    forget: kept.forget,
  };
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
