// @ts-check
// A stall's desk: who is next, call, call again, pass over, serve, finish; the day's counts.

const { ApiError, sentenceOf } = require("../../../../api/errors");
const behind = require("../../../../utils/behind");
const { bringUp } = require("../../../../utils/bring-up");
const { uuid } = require("../../../../utils/ids");
const look = require("../../../../utils/look");
const network = require("../../../../utils/network");
const { createPoll } = require("../../../../utils/poll");
const { NO_REFUSAL, comeBack, refuse } = require("../../../../utils/refusal");
const { sleep } = require("../../../../utils/sleep");
const { actOn, callNext, pollDesk } = require("../../api/desk");
const { chosenStall } = require("../../utils/chosen");
const { deskWords } = require("../../utils/desk-words");

/** @typedef {import("../../../../api/types").Desk} Desk */
/** @typedef {import("../../api/desk").DeskAction} DeskAction */

/** What the bar's buttons do; the others stand at their numbers. @type {DeskAction[]} */
const IN_BAR = ["start", "recall", "miss"];
const POLL_MS = 5000;
/** The second tap of a double tap must not press what has come in the first one's place. */
const SETTLE_MS = 600;

Page({
  data: {
    look: look.current(),
    stallId: "",
    /** Whether the stall is being chosen. */
    choosing: false,
    loading: true,
    error: "",
    online: true,
    /** @type {ReturnType<typeof deskWords> | null} */
    desk: null,
    busy: false,
    /** What came of the last press, where the screen does not show it anyway. */
    notice: "",
    refusal: NO_REFUSAL,
  },

  /** @type {ReturnType<typeof createPoll> | undefined} */
  poll: undefined,
  /** @type {(() => void) | undefined} */
  unfollow: undefined,
  /** What was pressed last, with its key: pressing the same again is the same action. */
  pressed: { what: "", key: "" },

  onLoad() {
    const stallId = chosenStall.get()?.stallId || "";
    this.setData({ stallId, choosing: !stallId });
    this.poll = createPoll({
      read: () => pollDesk(this.data.stallId),
      every: () => POLL_MS,
      onChange: (desk) => this.show(desk),
      onError: (error) => this.onReadError(error),
    });
  },

  onShow() {
    look.apply(this);
    comeBack(this);
    this.unfollow = network.follow((online) => this.setData({ online }));
    if (this.data.stallId) this.begin();
  },

  onHide() {
    this.rest();
  },

  onUnload() {
    this.rest();
  },

  rest() {
    this.unfollow?.();
    this.poll?.rest();
    wx.setKeepScreenOn({ keepScreenOn: false });
  },

  begin() {
    wx.setKeepScreenOn({ keepScreenOn: true });
    this.poll?.reset();
    this.poll?.begin();
  },

  /** @param {Desk} desk */
  show(desk) {
    this.setData({ desk: deskWords(desk), loading: false, error: "" });
  },

  /** @param {unknown} error */
  onReadError(error) {
    if (error instanceof ApiError && [403, 404].includes(error.status)) {
      this.chooseAgain("这个摊位您现在不能叫号，请重新选择");
    } else if (!this.data.desk) {
      this.setData({ loading: false, error: sentenceOf(error) });
    }
  },

  onRetry() {
    this.setData({ loading: true, error: "" });
    this.begin();
  },

  /** The network may be back before the next turn of the poll. */
  onTryNetwork() {
    this.poll?.refresh();
  },

  /** @param {WechatMiniprogram.CustomEvent<{stallId: string}>} event */
  onStall({ detail }) {
    chosenStall.set({ stallId: detail.stallId });
    this.setData({ stallId: detail.stallId, choosing: false, desk: null, loading: true, error: "", notice: "" });
    this.begin();
  },

  onOtherStall() {
    this.chooseAgain("");
  },

  /** @param {string} notice */
  chooseAgain(notice) {
    chosenStall.forget();
    this.poll?.rest();
    behind.startAnew(this);
    this.setData({ stallId: "", choosing: true, desk: null, notice });
  },

  async onCall() {
    const next = this.data.desk?.next;
    if (next) await this.call(`call ${next.id}`);
  },

  /**
   * Whether somebody has left is the server's to know: this screen may be seconds behind.
   * @param {string} what
   * @param {string} [althoughLeft] whom to call even so
   */
  async call(what, althoughLeft) {
    /** @type {ReturnType<typeof leftIn>} */
    let left = null;
    await this.act(what, async (key) => {
      try {
        const called = await callNext(this.data.stallId, key, althoughLeft);
        if (!called) this.setData({ notice: "刚才在等的已经由同事叫走了" });
      } catch (error) {
        left = leftIn(error);
        if (!left) throw error;
      }
    });
    if (left) await this.askAbout(left);
  },

  /** @param {{id: string, ticket: string, display_name: string}} left */
  async askAbout({ id, ticket, display_name: who }) {
    const choice = await choose(`${ticket} ${who} 已经签退，或签到被撤销，可能不在现场`, [
      `照样叫 ${ticket}`, `先放一边，让后面的先来`,
    ]);
    if (choice === 0) await this.call(`call ${id} although left`, id);
    if (choice === 1) await this.act(`park ${id}`, (key) => actOn(id, "park", key));
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onAct(event) {
    const { id, action } = /** @type {{id: string, action: DeskAction}} */ (event.currentTarget.dataset);
    const { calling, callAgainAfter } = this.data.desk || {};
    const send = async (/** @type {string} */ key) => {
      const { calls } = await actOn(id, action, key);
      if (action !== "recall" || calls !== calling?.times) return;
      this.setData({ notice: `刚刚叫过，要给人走过来的时间。隔 ${callAgainAfter} 秒再叫，才算一次` });
    };
    this.act(`${action} ${id} ${calling?.times}`, send, IN_BAR.includes(action) ? "" : id);
  },

  /**
   * Send one press and show what the desk looks like then.
   * @param {string} what
   * @param {(key: string) => Promise<unknown>} send
   * @param {string} [by] the number whose own button was pressed; empty for those of the bar
   */
  async act(what, send, by) {
    if (this.data.busy) return;
    this.setData({ busy: true, notice: "", refusal: NO_REFUSAL });
    try {
      await send(this.keyFor(what));
      this.pressed = { what: "", key: "" };
    } catch (error) {
      this.explain(error, by);
    }
    const settled = sleep(SETTLE_MS);
    await this.poll?.refresh();
    // Whom it is about stands at the top; the button is in reach wherever the page was.
    if (!by) bringUp("#now");
    await settled;
    this.setData({ busy: false });
  },

  /**
   * The key of this action: the earlier one where its answer was lost, so that nobody is called
   * twice.
   * @param {string} what
   */
  keyFor(what) {
    if (this.pressed.what !== what) this.pressed = { what, key: uuid() };
    return this.pressed.key;
  },

  /**
   * @param {unknown} error
   * @param {string} [by]
   */
  explain(error, by) {
    const lost = error instanceof ApiError && error.transient;
    if (!lost) this.pressed = { what: "", key: "" };
    refuse(this, refusalWords(error), by);
  },

  onGiveNumber() {
    wx.navigateTo({ url: `/packages/volunteer/pages/ticket/ticket?stall=${this.data.stallId}` });
  },
});

/**
 * @param {string} question
 * @param {string[]} answers
 * @returns {Promise<number>} which; -1 when the sheet was closed
 */
function choose(question, answers) {
  return new Promise((resolve) => {
    wx.showActionSheet({
      alertText: question,
      itemList: answers,
      success: ({ tapIndex }) => resolve(tapIndex),
      fail: () => resolve(-1),
    });
  });
}

/**
 * Who has left, where that is what the server asks about.
 * @param {unknown} error
 * @returns {{id: string, ticket: string, display_name: string} | null}
 */
function leftIn(error) {
  return error instanceof ApiError && error.code === "person_left" ? error.more?.booking : null;
}

/** @param {unknown} error */
function refusalWords(error) {
  const sentence = sentenceOf(error);
  if (!(error instanceof ApiError)) return sentence;
  if (error.transient) return `${sentence}。恢复后再点一次，不会重复叫号`;
  switch (error.code) {
    case "stall_busy":
      return "同事刚刚在这个摊位叫了号，请先处理正在叫的号";
    case "illegal_transition":
      return "同事刚刚处理了这个号，已为您更新";
    case "call_again_first":
      return `${sentence}，还没有人来才能过号。请点「再叫一次」`;
    default:
      return sentence;
  }
}
