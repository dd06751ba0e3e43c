// @ts-check
// The organiser on the spot: open and close the market, its live numbers, the way to its code.

const { getActivity } = require("../../../../api/activities");
const { ApiError, sentenceOf } = require("../../../../api/errors");
const { activityWords } = require("../../../../utils/activity-words");
const look = require("../../../../utils/look");
const network = require("../../../../utils/network");
const { createPoll } = require("../../../../utils/poll");
const { NO_REFUSAL, comeBack, refuse } = require("../../../../utils/refusal");
const { clock, dayKey } = require("../../../../utils/time");
const { closeMarket, openMarket, pollSummary } = require("../../api/market");
const { closingWords, summaryWords } = require("../../utils/summary-words");

/** @typedef {import("../../../../api/types").Activity} Activity */
/** @typedef {import("../../../../api/types").Summary} Summary */

const LIVE_MS = 10000;
const QUIET_MS = 60000;

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    online: true,
    /** @type {ReturnType<typeof activityWords> | null} */
    words: null,
    state: "",
    /** @type {ReturnType<typeof summaryWords> | null} */
    summary: null,
    /** When the numbers were read, as "9:05". */
    readAt: "",
    busy: false,
    notice: "",
    refusal: NO_REFUSAL,
  },

  id: "",
  /** @type {Activity | null} */
  activity: null,
  /** @type {Summary | null} */
  summary: null,
  /** @type {ReturnType<typeof createPoll> | undefined} */
  poll: undefined,
  /** @type {(() => void) | undefined} */
  unfollow: undefined,

  /** @param {{id?: string}} query */
  onLoad({ id = "" }) {
    this.id = id;
    this.poll = createPoll({
      read: () => this.read(),
      every: () => (this.data.state === "live" ? LIVE_MS : QUIET_MS),
      onChange: (summary) => this.show(summary),
      onError: (error) => {
        if (this.data.loading) this.setData({ loading: false, error: sentenceOf(error) });
      },
    });
  },

  onShow() {
    look.apply(this);
    comeBack(this);
    this.unfollow = network.follow((online) => this.setData({ online }));
    this.begin();
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
  },

  begin() {
    this.poll?.reset();
    this.poll?.begin();
  },

  /** The figures; with the activity itself the first time. */
  async read() {
    const [summary, activity] = await Promise.all([
      pollSummary(this.id), this.activity || getActivity(this.id),
    ]);
    this.activity = activity;
    this.setData({ readAt: clock(Date.now()) });
    return summary;
  },

  /** @param {Summary} summary */
  show(summary) {
    if (!this.activity) return;
    this.summary = summary;
    this.activity = { ...this.activity, state: summary.state };
    this.setData({
      words: activityWords(this.activity),
      state: summary.state,
      summary: summaryWords(summary, this.activity),
      loading: false,
      error: "",
    });
  },

  onRetry() {
    this.setData({ loading: true, error: "" });
    this.begin();
  },

  async onOpen() {
    if (!this.activity || this.data.busy) return;
    const { starts_at: start } = this.activity;
    const early = dayKey(start) !== dayKey(Date.now());
    const { confirm } = await wx.showModal({
      title: early ? "不是今天的集市，现在就开放？" : "现在开放集市？",
      content:
        `${activityWords(this.activity).when}。` +
        (early ? "到那天才能签到、取号，也才计入统计。" : "开放后居民可以签到、取号，摊位可以叫号。"),
      confirmText: "开放",
      cancelText: "先不开放",
    });
    if (confirm) await this.act(() => openMarket(this.id), "集市已开放");
  },

  async onClose() {
    if (!this.summary || this.data.busy) return;
    const { confirm } = await wx.showModal({
      title: "结束集市？",
      content: closingWords(this.summary),
      confirmText: "结束",
      cancelText: "先不结束",
      confirmColor: "#B42318",
    });
    if (confirm) await this.act(() => closeMarket(this.id), "集市已结束");
  },

  /**
   * @param {() => Promise<unknown>} send
   * @param {string} done
   */
  async act(send, done) {
    if (this.data.busy) return;
    this.setData({ busy: true, notice: "", refusal: NO_REFUSAL });
    try {
      await send();
      this.setData({ notice: done });
    } catch (error) {
      refuse(this, moved(error) ? "同事刚刚已经操作过，已为您更新" : error);
    }
    await this.poll?.refresh();
    this.setData({ busy: false });
  },

  onCode() {
    wx.navigateTo({ url: `/packages/staff/pages/code/code?id=${this.id}` });
  },
});

/** @param {unknown} error */
function moved(error) {
  return error instanceof ApiError && error.code === "illegal_transition";
}
