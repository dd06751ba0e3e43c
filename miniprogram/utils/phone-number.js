// @ts-check
// Phone numbers as people type and paste them. The server reads them the same way (core/text.py).

/** What groups the digits where a number is copied from, and what shows nothing around them. */
const NOISE = /[\s.()·\u0000-\u001f\u00ad\u200b-\u200f\u2010-\u2015\u202a-\u202e\u2060-\u2069\u2212\ufeff-]+/g;
const MOBILE = /^(?:\+?(?:00)?86)?(1[3-9]\d{9})$/;

/**
 * Digits as every keyboard has them, whichever typed them.
 * @param {string} text
 */
function halfWidth(text) {
  return text.normalize("NFKC");
}

/**
 * A number as it is dialled.
 * @param {string} text
 */
function dialled(text) {
  return halfWidth(text).replace(NOISE, "");
}

/**
 * The eleven digits of a mainland mobile number; empty for what is none.
 * @param {string} text
 */
function mobileOf(text) {
  const match = MOBILE.exec(dialled(text));
  return match ? match[1] : "";
}

module.exports = { dialled, halfWidth, mobileOf };
