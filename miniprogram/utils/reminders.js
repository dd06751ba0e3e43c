// @ts-check
// Messages in WeChat beside the page 消息: whether somebody wants them, WeChat asks itself, at most
// three at once, and only within a tap; one yes is one message. What was tapped never waits for the
// answer, and whoever refuses is not asked again that day.

const { listTemplates, reportCredits } = require("../api/messages");
const session = require("../api/session");
const { forToday } = require("./for-today");

const MOST_AT_ONCE = 3;
/** What comes, by the template's name (config/messages.toml). @type {Record<string, string>} */
const WORDS = {
  called: "轮到您", change: "改期", market_tomorrow: "明天的集市", complaint: "投诉办得怎么样了",
};

const FOR_NUMBERS = ["called", "change", "market_tomorrow"];
const FOR_COMPLAINTS = ["complaint"];

/** @type {ReturnType<typeof forToday<{}>>} */
const refusal = forToday("reminders-refused");
/** WeChat's ids by our names, once they have been read. @type {Record<string, string>} */
let ids = {};
/** @type {Promise<void> | null} */
let learning = null;
/** Said yes to, and not yet told to the server. @type {Set<string>} */
const unreported = new Set();

/**
 * What is said before the tap that asks; empty where nothing will be asked.
 * @param {string[]} names
 * @returns {Promise<string>} never rejects
 */
async function offerWords(names) {
  learning = learning || learn();
  await learning;
  const words = offered(names).map((name) => WORDS[name]);
  return words.length ? `可以在微信里提醒您：${words.join("、")}` : "";
}

/** Once each time the mini-program is opened. */
async function learn() {
  try {
    const { items } = await listTemplates();
    ids = Object.fromEntries(items.map(({ template, id }) => [template, id]));
  } catch {
    learning = null;
  }
}

/** @param {string[]} names */
function offered(names) {
  if (refusal.get()) return [];
  return names.filter((name) => ids[name] && !unreported.has(name)).slice(0, MOST_AT_ONCE);
}

/**
 * Ask: to be called by a tap's own handler before it awaits anything. Nobody waits for it.
 * @param {string[]} names
 */
async function ask(names) {
  const asked = offered(names);
  if (!asked.length) return;
  try {
    const answers = await wx.requestSubscribeMessage({ tmplIds: asked.map((name) => ids[name]) });
    asked.filter((name) => answers[ids[name]] === "accept").forEach((name) => unreported.add(name));
    if (asked.some((name) => answers[ids[name]] === "reject")) refusal.set({});
  } catch {
    // They have turned off all messages of ours, or WeChat has.
    refusal.set({});
  }
  await report();
}

/**
 * Tell the server; once more after what was tapped has logged somebody in, since nobody logs in for
 * this alone. What fails is told the next time, and by WeChat itself.
 */
async function report() {
  if (!unreported.size || !session.isLoggedIn()) return;
  const names = [...unreported];
  unreported.clear();
  const said = Object.fromEntries(names.map((name) => [name, 1]));
  await reportCredits(said).catch(() => names.forEach((name) => unreported.add(name)));
}

module.exports = { FOR_NUMBERS, FOR_COMPLAINTS, offerWords, ask, report };
