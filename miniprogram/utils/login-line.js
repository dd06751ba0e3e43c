// @ts-check
// Whether logging in has to wait because many people do at once: api/session.js says so, what shows
// a page's waiting follows it.

const { createSignal } = require("./signal");

const waiting = createSignal(false);

module.exports = { setWaiting: waiting.set, follow: waiting.follow };
