// @ts-check
// A service and its free places in the words that the pages show.

const { clock, dayKey, momentWords, rangeWords, waitWords } = require("./time");

const NO_SLOTS = "时段还没有定";

/** @typedef {import("../api/types").Offering} Offering */
/** @typedef {import("../api/types").Slot} Slot */
/** @typedef {import("../api/types").ActivityState} ActivityState */

/**
 * Whether people can sign up in advance now.
 * @param {Offering} offering
 * @param {number} now
 */
function isSignUpOpen({ sign_up_opens_at: opens, sign_up_closes_at: closes }, now) {
  return !(opens && now < Date.parse(opens)) && !(closes && now >= Date.parse(closes));
}

/**
 * Slots that have not ended.
 * @param {Offering} offering
 * @param {number} now
 */
function comingSlots({ slots }, now) {
  return slots.filter(({ ends_at: end }) => Date.parse(end) > now);
}

/**
 * Whether a service is booked by slots and has none yet.
 * @param {Offering} offering
 */
function isWithoutSlots({ mode, slots }) {
  return mode === "slots" && slots.length === 0;
}

/**
 * How a service is used, and whether there is something to do about it.
 * @param {Offering} offering
 * @param {ActivityState} activityState
 * @param {number} [now]
 * @returns {{text: string, tone: string, canAct: boolean}}
 */
function availability(offering, activityState, now = Date.now()) {
  const live = activityState === "live";
  if (activityState === "cancelled") return { text: "已取消", tone: "plain", canAct: false };
  if (!live && activityState !== "published") return { text: "已结束", tone: "plain", canAct: false };
  if (offering.mode === "open") return { text: "直接到摊位即可", tone: "plain", canAct: false };
  // A service that is added to an announced market is there before its slots are.
  if (isWithoutSlots(offering)) return { text: live ? "可现场取号" : NO_SLOTS, tone: "plain", canAct: live };
  const signUp = isSignUpOpen(offering, now);
  if (offering.mode === "queue") return queueAvailability(offering, live, signUp);
  const free = comingSlots(offering, now).reduce((sum, slot) => sum + slot.free, 0);
  if (signUp && free > 0) return { text: `还有 ${free} 个名额`, tone: "good", canAct: true };
  if (live) return { text: "预约已满，可现场取号", tone: "warn", canAct: true };
  if (!signUp) return signUpTimes(offering, now);
  return { text: "已约满", tone: "bad", canAct: true };
}

/**
 * @param {Offering} offering
 * @param {boolean} live
 * @param {boolean} signUp
 */
function queueAvailability(offering, live, signUp) {
  if (live) return { text: "可现场取号", tone: "good", canAct: true };
  if (signUp) return { text: "可提前取号", tone: "good", canAct: true };
  return signUpTimes(offering, Date.now());
}

/**
 * @param {Offering} offering
 * @param {number} now
 */
function signUpTimes({ sign_up_opens_at: opens }, now) {
  const text =
    opens && now < Date.parse(opens) ? `${momentWords(opens)} 开始报名` : "报名已截止，可现场取号";
  return { text, tone: "plain", canAct: false };
}

/**
 * How long the line is for somebody who comes now; before the market, what a service takes.
 * @param {Offering} offering
 */
function lineWords({ line, minutes_per_person: minutes }) {
  if (!line) return `每位约 ${minutes} 分钟`;
  if (line.waiting === 0) return emptyWords(line);
  return `${line.waiting} 位在等，${waitWords(line.estimate_minutes)}`;
}

/**
 * Nobody is before who comes now. The desk counts those too who are here before their time.
 * @param {{early: number}} line
 */
function emptyWords({ early }) {
  return early ? `${early} 位预约的在等自己的时间，现在取号不用排队` : "现在没有人排队";
}

/**
 * @param {Slot} slot
 * @param {boolean} manyDays whether the service runs over several days
 */
function slotWords({ id, starts_at: start, ends_at: end, free }, manyDays) {
  return {
    id,
    full: free === 0,
    time: manyDays ? rangeWords(start, end) : `${clock(start)}–${clock(end)}`,
    places: free === 0 ? "已约满" : `余 ${free}`,
  };
}

/**
 * Why there is no slot to choose; empty where there is one.
 * @param {Offering} offering
 */
function noSlotWords(offering) {
  if (isWithoutSlots(offering)) return `${NO_SLOTS}，请过些时候再来看`;
  return slotChoices(offering).length ? "" : "时段都结束了";
}

/**
 * The slots to choose from.
 * @param {Offering} offering
 * @param {number} [now]
 */
function slotChoices(offering, now = Date.now()) {
  const coming = comingSlots(offering, now);
  const days = new Set(coming.map(({ starts_at: start }) => dayKey(start)));
  return coming.map((slot) => slotWords(slot, days.size > 1));
}

module.exports = { availability, emptyWords, isSignUpOpen, lineWords, noSlotWords, slotChoices };
