// @ts-check
// What one's family is called on this phone: two of one name are told apart wherever a name stands.

const { familyWords, nameWords } = require("./name-words");

/** By id; null before the family has been read. @type {Map<string, string> | null} */
let labels = null;

/**
 * Every answer with the family says who they are (api/me.js).
 * @param {import("../api/types").FamilyMember[]} members
 */
function learn(members) {
  labels = new Map(familyWords(members).map(({ id, label }) => [id, label]));
}

/** Somebody else may use this phone next. */
function forget() {
  labels = null;
}

function areKnown() {
  return labels !== null;
}

/**
 * How to speak of a person to the one who holds the phone.
 * @param {{id: string, display_name: string}} person oneself or a family member
 */
function whoWords(person) {
  return labels?.get(person.id) || nameWords(person);
}

module.exports = { areKnown, forget, learn, whoWords };
