// @ts-check
// For whom something is done: oneself, or a family member by their id.

const MYSELF = "";
/** Not chosen yet: nobody is chosen for the person. */
const NOBODY = "nobody";

/**
 * The part of a request's body that says for whom.
 * @param {string} residentId
 * @returns {{resident_id?: string}}
 */
function whom(residentId) {
  return residentId === MYSELF ? {} : { resident_id: residentId };
}

module.exports = { MYSELF, NOBODY, whom };
