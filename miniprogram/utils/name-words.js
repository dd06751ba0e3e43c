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

/**
 * One's family by name, and by what else tells two of one name apart.
 * @template {{display_name: string, relation?: string | null, birth_year?: number | null}} Member
 * @param {Member[]} members
 * @returns {(Member & {label: string})[]}
 */
function familyWords(members) {
  const names = members.map(({ display_name: name }) => nameKey(name));
  return members.map((member, index) => {
    const { display_name: name, relation, birth_year: year } = member;
    const alone = names.indexOf(names[index]) === names.lastIndexOf(names[index]);
    const tells = [relation, year && `${year}\u00a0年生`].filter(Boolean).join("，");
    return { ...member, label: alone || !tells ? name : `${name}（${tells}）` };
  });
}

/**
 * Whether two people among those of some bookings have one name.
 * @param {{resident: {id: string, display_name: string}}[]} bookings
 */
function haveNamesakes(bookings) {
  const names = new Map(bookings.map(({ resident }) => [resident.id, nameKey(resident.display_name)]));
  return new Set(names.values()).size < names.size;
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

module.exports = { familyWords, haveNamesakes, nameKey, nameWords };
