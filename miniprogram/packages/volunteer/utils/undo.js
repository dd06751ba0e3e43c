// @ts-check
// Take a check-in back: a reason, a confirmation, then a new fact on the server.

const { ApiError } = require("../../../api/errors");
const { revertScan } = require("../api/scans");
const scanLog = require("./scan-log");

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
  return confirm ? revert(id, reason, `已撤销 ${who} 的${what}`) : "";
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
 * @param {string} done
 */
async function revert(id, reason, done) {
  try {
    await revertScan(id, reason);
  } catch (error) {
    const before = error instanceof ApiError && error.code === "already_reverted";
    if (!before) throw error;
  }
  scanLog.markReverted(id);
  return done;
}

module.exports = { undo };
