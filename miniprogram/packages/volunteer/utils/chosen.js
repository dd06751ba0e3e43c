// @ts-check
// Where this phone works today: chosen once, remembered until midnight.

const { forToday } = require("../../../utils/for-today");

/** @typedef {{id: string, title: string}} Market */

/** @type {ReturnType<typeof forToday<{stallId: string}>>} */
const chosenStall = forToday("desk");
/** @type {ReturnType<typeof forToday<Market>>} */
const chosenMarket = forToday("scan-market");

module.exports = { chosenStall, chosenMarket };
