// @ts-check
// The market's code, full-screen and bright, for residents to scan. A changing one is renewed as
// soon as it changes, while the one on the screen is still good for a while.

const { getActivity } = require("../../../../api/activities");
const { ApiError, sentenceOf } = require("../../../../api/errors");
const { createBrightScreen } = require("../../../../utils/bright-screen");
const look = require("../../../../utils/look");
const { createPoll } = require("../../../../utils/poll");
const { drawQr } = require("../../../../utils/qr");
const { NO_REFUSAL, comeBack, refuse } = require("../../../../utils/refusal");
const serverTime = require("../../../../utils/server-time");
const { getMarketCode, revokeMarketCode } = require("../../api/market");

/** @typedef {import("../../../../api/types").MarketCode} MarketCode */

const SECOND_MS = 1000;
/** A code that does not change may be revoked by a colleague. */
const CHECK_MS = 60000;
/** A code ends soon, and a line of people waits for it. */
const RETRY = { firstMs: 1000, longestMs: 3000 };
const FOREVER = Infinity;

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    title: "",
    /** Whether a code is on the screen that admits people. */
    shown: false,
    rotates: false,
    /** Seconds until the code changes; 0 while the new one is awaited. */
    changesIn: 0,
    /** Seconds that the code on the screen is still good for. */
    endsIn: 0,
    busy: false,
    notice: "",
    refusal: NO_REFUSAL,
  },

  id: "",
  drawn: "",
  rotatesAt: FOREVER,
  expiresAt: FOREVER,
  ticking: 0,
  /** @type {ReturnType<typeof createPoll> | undefined} */
  poll: undefined,
  /** @type {ReturnType<typeof createBrightScreen> | undefined} */
  screen: undefined,

  /** @param {{id?: string}} query */
  onLoad({ id = "" }) {
    this.screen = createBrightScreen();
    this.id = id;
    this.poll = createPoll({
      read: () => getMarketCode(this.id),
      every: () => this.changesInMs(),
      retry: RETRY,
      onChange: (market) => this.show(market),
      onError: (error) => this.onReadError(error),
    });
    this.loadTitle();
  },

  onShow() {
    look.apply(this);
    comeBack(this);
    this.screen?.begin();
    this.poll?.begin();
    this.ticking = setInterval(() => this.tick(), SECOND_MS);
  },

  onHide() {
    this.rest();
  },

  onUnload() {
    this.rest();
  },

  rest() {
    clearInterval(this.ticking);
    this.poll?.rest();
    this.screen?.end();
  },

  /** The code is shown without it too. */
  async loadTitle() {
    try {
      this.setData({ title: (await getActivity(this.id)).title });
    } catch {
      this.setData({ title: "" });
    }
  },

  /** @param {unknown} error */
  onReadError(error) {
    const lost = error instanceof ApiError && error.transient;
    if (!lost || !this.isGood()) this.hide(sentenceOf(error));
  },

  /** @param {MarketCode} market */
  async show({ link, rotates_at: rotatesAt, expires_at: expiresAt }) {
    this.rotatesAt = rotatesAt ? Date.parse(rotatesAt) : FOREVER;
    this.expiresAt = expiresAt ? Date.parse(expiresAt) : FOREVER;
    this.setData({ loading: false, error: "", shown: true, rotates: rotatesAt !== null });
    this.count();
    if (link === this.drawn) return;
    this.drawn = link;
    await drawQr(this, "#qr", link);
  },

  /** Until the next one is there to be read. */
  changesInMs() {
    if (this.rotatesAt === FOREVER) return CHECK_MS;
    return Math.max(SECOND_MS, this.rotatesAt - serverTime.now());
  },

  isGood() {
    return this.data.shown && serverTime.now() < this.expiresAt;
  },

  tick() {
    if (this.data.shown && !this.isGood()) this.hide("网络断开太久，原来的码已经过期");
    if (this.data.shown) this.count();
  },

  /**
   * What admits nobody is not shown.
   * @param {string} error
   */
  hide(error) {
    this.drawn = "";
    this.setData({ loading: false, shown: false, error });
  },

  count() {
    if (!this.data.rotates) return;
    this.setData({ changesIn: secondsUntil(this.rotatesAt), endsIn: secondsUntil(this.expiresAt) });
  },

  onRetry() {
    this.setData({ loading: true, error: "" });
    this.poll?.refresh();
  },

  async onRevoke() {
    if (this.data.busy) return;
    const { confirm } = await wx.showModal({
      title: "换一个新码？",
      content: "原来的码马上失效，已经打印、张贴的也不能再用，需要重新打印。",
      confirmText: "换新码",
      cancelText: "先不换",
      confirmColor: "#B42318",
    });
    if (!confirm || this.data.busy) return;
    this.setData({ busy: true, notice: "", refusal: NO_REFUSAL });
    try {
      const market = await revokeMarketCode(this.id);
      // In place of what was asked before: that may answer with the old one.
      this.poll?.refresh();
      await this.show(market);
      this.setData({ notice: "已换成新码，原来的码不能再用" });
    } catch (error) {
      refuse(this, error);
    } finally {
      this.setData({ busy: false });
    }
  },
});

/** @param {number} at ms */
function secondsUntil(at) {
  return Math.max(0, Math.ceil((at - serverTime.now()) / SECOND_MS));
}
