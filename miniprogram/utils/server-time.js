// @ts-check
// The server's clock, as its answers tell it: a phone's own may be minutes off.

let aheadMs = 0;

/** @param {string | undefined} date the answer's Date header */
function learn(date) {
  const at = Date.parse(date || "");
  if (!Number.isNaN(at)) aheadMs = at - Date.now();
}

/** The instant now, in ms; the phone's own until the server has answered once. */
function now() {
  return Date.now() + aheadMs;
}

/** @param {string} instant of the API */
function isBefore(instant) {
  return now() < Date.parse(instant);
}

module.exports = { learn, now, isBefore };
