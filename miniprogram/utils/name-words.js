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

module.exports = { nameWords };
