// @ts-check
// The tags and attributes of a template, with their lines. Only for checks: the official compiler
// makes the code, and complains about bad nesting itself.

/** @typedef {{ name: string, value: string | null, line: number }} Attribute */
/** @typedef {{ name: string, line: number, attributes: Attribute[] }} Element */

const COMMENT_OR_SCRIPT = /<!--[\s\S]*?-->|(<wxs\b[^>]*>)[\s\S]*?(?=<\/wxs>)/g;
const TAG = /<([A-Za-z][\w.-]*)((?:"[^"]*"|'[^']*'|\{\{[\s\S]*?\}\}|[^"'>])*)>/g;
const ATTRIBUTE = /([^\s=/"']+)(?:\s*=\s*("[^"]*"|'[^']*'))?/g;

/**
 * @param {string} source
 * @returns {Element[]} start tags, in order
 */
export function readTags(source) {
  const text = source.replace(COMMENT_OR_SCRIPT, (whole, tag = "") => tag + whole.slice(tag.length).replace(/[^\n]/g, " "));
  const elements = [];
  for (const match of text.matchAll(TAG)) {
    const [, name, rest] = match;
    const restAt = match.index + 1 + name.length;
    const attributes = [...rest.matchAll(ATTRIBUTE)].map((attribute) => ({
      name: attribute[1],
      value: attribute[2] === undefined ? null : attribute[2].slice(1, -1),
      line: lineAt(text, restAt + attribute.index),
    }));
    elements.push({ name, line: lineAt(text, match.index), attributes });
  }
  return elements;
}

/**
 * @param {string} text
 * @param {number} index
 * @returns {number} from 1
 */
function lineAt(text, index) {
  return text.slice(0, index).split("\n").length;
}
