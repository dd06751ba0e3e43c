// @ts-check

/** What the server calls somebody who has given no name. */
const NAMELESS = "居民";

/**
 * How to speak of a person to the one who holds the phone.
 * @param {{display_name: string}} person oneself or a family member
 */
function nameWords({ display_name: name }) {
  return name === NAMELESS ? "您" : name;
}

/** What stands between the parts of a name, or is left out (backend/identity/names.py). */
const SEPARATORS = /[ \u00a0\u3000.·•․‧∙⋅・．･]/g;

/**
 * What two ways to write one name have in common.
 * @param {string} name
 */
function nameKey(name) {
  return name.normalize("NFC").replace(SEPARATORS, "").toLowerCase();
}

module.exports = { nameKey, nameWords };
