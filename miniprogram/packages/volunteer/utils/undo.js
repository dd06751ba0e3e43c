// @ts-check
// Take a check-in back: a reason, a confirmation, then a new fact on the server.

const { ApiError } = require("../../../api/errors");
const { cancelNumber } = require("../api/desk");
const { revertScan } = require("../api/scans");
const scanLog = require("./scan-log");

/** @typedef {import("../../../api/openapi").RevertAnswer["tickets"][number]} Kept */

const REASONS = ["扫错了人", "本人没有来", "重复登记"];

/**
 * @param {{id: string, who: string, state: string, time: string, tells?: string}} line of the scan book
 * @returns {Promise<string>} what is done, for the screen; empty when the person thought better.
 *   Rejects with an ApiError
 */
async function undo({ id, who, state, time, tells = "" }) {
  const what = state === "left" ? "签退" : "签到";
  // Two of one name stand in the list: which of them is said in both questions.
  const which = [`${time} ${what}`, tells].filter(Boolean).join(" · ");
  const reason = await choose(`为什么撤销 ${who} 的${what}？（${which}）`);
  if (!reason) return "";
  const { confirm } = await wx.showModal({
    title: `撤销 ${who} 的${what}？`,
    content: `${which}。${state === "left" ? "撤销后仍算在场。" : "撤销后不再算到场，报过的名还保留。"}`,
    confirmText: "撤销",
    cancelText: "不撤销",
    confirmColor: "#B42318",
  });
  if (!confirm) return "";
  const numbers = await revert(id, reason);
  const kept = [];
  for (const one of numbers) kept.push(await settle(one, who));
  return [`已撤销 ${who} 的${what}`, ...kept].join("，");
}

/**
 * A number from the desk waits for somebody who has not come after all: shall it?
 * @param {Kept} number
 * @param {string} who
 */
async function settle({ booking_id: id, ticket, offering_title: title }, who) {
  const { confirm } = await wx.showModal({
    title: `${ticket} 号还在排队`,
    content: `${who} 的${title}。签到撤销了，这个号还会叫到。人不来，请取消它。`,
    confirmText: "一起取消",
    cancelText: "留着",
    confirmColor: "#B42318",
  });
  if (!confirm) return `${ticket} 还在排队，叫号台会标「已离开」`;
  try {
    await cancelNumber(id);
  } catch (error) {
    // The check-in is undone all the same, and there may be further numbers.
    if (!(error instanceof ApiError)) throw error;
    return `${ticket} 没能取消，请在叫号台处理`;
  }
  return `${ticket} 也取消了`;
}

/**
 * @param {string} question
 * @returns {Promise<string>} empty when the sheet was closed
 */
function choose(question) {
  return new Promise((resolve) => {
    wx.showActionSheet({
      alertText: question,
      itemList: REASONS,
      success: ({ tapIndex }) => resolve(REASONS[tapIndex]),
      fail: () => resolve(""),
    });
  });
}

/**
 * @param {string} id
 * @param {string} reason
 * @returns {Promise<Kept[]>} what is still in the line
 */
async function revert(id, reason) {
  const { tickets = [] } = await revertScan(id, reason).catch(undoneBefore);
  scanLog.markReverted(id);
  return tickets;
}

/**
 * The first answer was lost, or a colleague was faster: the numbers are asked about all the same.
 * @param {unknown} error
 * @returns {{tickets?: Kept[]}}
 */
function undoneBefore(error) {
  if (error instanceof ApiError && error.code === "already_reverted") {
    return { tickets: error.more.tickets };
  }
  throw error;
}

module.exports = { undo };
