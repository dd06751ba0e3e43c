// @ts-check
// A stall's desk in the words that its page shows.

const serverTime = require("../../../utils/server-time");
const { clock } = require("../../../utils/time");

/** @typedef {import("../../../api/types").Booking} Booking */
/** @typedef {import("../../../api/types").Desk} Desk */
/** @typedef {Desk["serving"][number]} DeskBooking */

/** @type {Partial<Record<import("../../../api/types").ActivityState, string>>} */
const NOT_OPEN = {
  published: "集市还没有开放，开放后才能叫号",
  closed: "集市已经结束",
  cancelled: "集市已经取消",
};

/** @type {Set<import("../../../api/types").ActivityState>} */
const OVER = new Set(["closed", "cancelled"]);

/** @param {Desk} desk */
function deskWords(desk) {
  const { stall, activity, counts, calls_before_missed: callsNeeded } = desk;
  const [next, ...line] = desk.waiting.map(numberWords);
  return {
    stall: `${stall.number} 号摊位 ${stall.name}`,
    market: activity.title,
    canGiveNumbers: desk.may_issue && activity.state === "live" && desk.offerings.length > 0,
    calling: desk.calling && {
      ...numberWords(desk.calling),
      times: desk.calling.calls,
      calls: callsWords(desk.calling, callsNeeded),
      needs: needsWords(desk.calling),
    },
    /** Who is being served, and who was just now: each stays where it was, so that a second tap
     * on 「完成」 meets nobody else. */
    served: [...desk.serving, ...desk.finished].sort(byCall).map(servedWords),
    isServing: desk.serving.length > 0,
    callAgainAfter: desk.call_counts_after_seconds,
    next: next || null,
    line,
    /** Those in the line beyond the ones that are listed. */
    further: Math.max(0, counts.waiting - desk.waiting.length),
    away: [...desk.missed, ...desk.parked].map(awayWords),
    counts: [
      { label: "在等", value: counts.waiting },
      { label: "已服务", value: counts.served },
      { label: "过号", value: counts.missed },
      { label: "平均等候", value: meanWaitWords(counts) },
    ],
    /** Why nobody can be called; empty where somebody can. */
    cannotCall: NOT_OPEN[activity.state] || (next ? "" : "现在没有人在等"),
    /** What is still to come. */
    toCome: OVER.has(activity.state) ? "" : "有人排队时，会自动显示在这里",
  };
}

/** @param {Booking} booking */
function numberWords({ id, ticket, resident, offering_title: title, urgent, left, ...booking }) {
  const { slot_starts_at: slot, due_at: due } = booking;
  return {
    id, ticket, who: resident.display_name, title, urgent, left,
    appointment: slot && (due ? `预约 ${clock(slot)}` : `约 ${clock(slot)}，${serverTime.isBefore(slot) ? "叫过没来" : "来晚了"}`),
    /** Why somebody is next whose time has not come. */
    early: due && serverTime.isBefore(due) ? `还没到 ${clock(due)}，前面没有别人，现在可以先叫` : "",
  };
}

/** @param {DeskBooking} booking */
function servedWords(booking) {
  return { ...numberWords(booking), finished: booking.state === "served", needs: needsWords(booking) };
}

/**
 * What somebody needs, as far as they have told the desk; empty where they have not.
 * @param {DeskBooking} booking
 */
function needsWords({ special_needs: needs }) {
  return needs ? [...needs.titles, needs.words].filter(Boolean).join(" · ") : "";
}

/**
 * @param {Booking} one
 * @param {Booking} other
 */
function byCall(one, other) {
  return (one.called_at || "").localeCompare(other.called_at || "");
}

/**
 * Somebody who has stepped out of the line.
 * @param {Booking} booking
 */
function awayWords(booking) {
  const parked = booking.state === "parked";
  return {
    ...numberWords(booking),
    badge: parked ? { text: "暂时离开", tone: "warn" } : { text: "已过号", tone: "bad" },
    canRejoin: parked || !booking.rejoined,
    rejoin: parked ? "回来了" : "重新排队",
  };
}

/**
 * @param {Booking} booking
 * @param {number} needed calls before a number may be passed over
 */
function callsWords({ calls }, needed) {
  return calls < needed
    ? `已叫 ${calls} 次，叫满 ${needed} 次还没有人来，才能过号`
    : `已叫 ${calls} 次，还没有人来可以过号`;
}

/**
 * One who was called is no average yet: it stands beside the longer one that people are told.
 * @param {Desk["counts"]} counts
 */
function meanWaitWords({ served, mean_wait_minutes: minutes }) {
  return minutes === null || !served ? "—" : `${minutes} 分钟`;
}

module.exports = { deskWords };
