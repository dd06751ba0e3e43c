// @ts-check
// The phone vibrates once for each call of a number, whichever page hears of it first.

/** Calls that were heard, as "id calls". @type {Set<string>} */
const heard = new Set();

/** @param {import("../api/types").Booking[]} bookings */
function alertCalls(bookings) {
  const calls = bookings.filter(({ state }) => state === "called").map(({ id, calls: n }) => `${id} ${n}`);
  const unheard = calls.filter((call) => !heard.has(call));
  unheard.forEach((call) => heard.add(call));
  if (unheard.length) wx.vibrateLong();
}

module.exports = { alertCalls };
