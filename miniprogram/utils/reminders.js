// @ts-check
// Messages in WeChat beside the page 消息: whether somebody wants them, WeChat asks itself, at most
// three at once, and only within a tap; one yes is one message. What was tapped never waits for the
// answer, and whoever refuses is not asked again that day.

const { listTemplates, reportCredits } = require("../api/messages");
const session = require("../api/session");
const { forToday } = require("./for-today");
const { uuid } = require("./ids");

const MOST_AT_ONCE = 3;
/** What comes, by the template's name (config/messages.toml). @type {Record<string, string>} */
const WORDS = {
  called: "轮到您", change: "改期", market_tomorrow: "明天的集市", complaint: "投诉办得怎么样了",
};

/** WeChat's word that they have turned off all messages of ours. */
const TURNED_OFF = 20004;

/** For a service of today, which nobody is reminded of the day before. */
const FOR_TODAY = ["called", "change"];
const FOR_LATER = [...FOR_TODAY, "market_tomorrow"];
const FOR_COMPLAINTS = ["complaint"];

/** @type {ReturnType<typeof forToday<{}>>} */
const refusal = forToday("reminders-refused");
/** WeChat's ids by our names, once they have been read. @type {Record<string, string>} */
let ids = {};
/** @type {Promise<void> | null} */
let learning = null;
/** Whether WeChat is asking them now: it asks nothing else meanwhile. */
let asking = false;
/**
 * Said yes to, and not yet told to the server: each answer with the key of all its tries.
 * @type {{names: string[], key: string, onItsWay: boolean}[]}
 */
let untold = [];

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
  const said = untold.flatMap((yes) => yes.names);
  return names.filter((name) => ids[name] && !said.includes(name)).slice(0, MOST_AT_ONCE);
}

/**
 * Ask: to be called by a tap's own handler before it awaits anything. Nobody waits for it.
 * @param {string[]} names
 */
async function ask(names) {
  const asked = offered(names);
  if (!asked.length || asking) return;
  const mine = untold;
  asking = true;
  try {
    const answers = await wx.requestSubscribeMessage({ tmplIds: asked.map((name) => ids[name]) });
    const accepted = asked.filter((name) => answers[ids[name]] === "accept");
    if (accepted.length) mine.push({ names: accepted, key: uuid(), onItsWay: false });
    if (asked.some((name) => answers[ids[name]] === "reject")) refusal.set({});
  } catch (error) {
    // Whatever else went wrong was not their answer: the next tap asks.
    if (/** @type {{errCode?: number}} */ (error).errCode === TURNED_OFF) refusal.set({});
  } finally {
    asking = false;
  }
  await report();
}

/**
 * Tell the server; once more after what was tapped has logged somebody in, since nobody logs in for
 * this alone. What fails is told the next time, and by WeChat itself.
 */
async function report() {
  if (!session.isLoggedIn()) return;
  const mine = untold;
  for (const yes of mine.filter(({ onItsWay }) => !onItsWay)) {
    yes.onItsWay = true;
    const said = Object.fromEntries(yes.names.map((name) => [name, 1]));
    const settled = await reportCredits(said, yes.key).then(() => true, (error) => !error.transient);
    yes.onItsWay = false;
    if (settled) mine.splice(mine.indexOf(yes), 1);
  }
}

/** Somebody else may use this phone next: what was said here is nobody's then, also what is on its way. */
function forget() {
  untold = [];
}

module.exports = { FOR_COMPLAINTS, FOR_LATER, FOR_TODAY, ask, forget, offerWords, report };
