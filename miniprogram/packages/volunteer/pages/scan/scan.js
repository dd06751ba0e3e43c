// @ts-check
// Check people in by their code, one after the other: scan, a big answer, the next scan at once.

const look = require("../../../../utils/look");
const { codeInScan } = require("../../../../utils/market-code");
const network = require("../../../../utils/network");
const { NO_REFUSAL, comeBack, refuse } = require("../../../../utils/refusal");
const { nameKept, waitsFor } = require("../../api/scans");
const { chosenMarket } = require("../../utils/chosen");
const { awaitLate, checkIn, takeLateAnswers, vibrate } = require("../../utils/check-in");
const { followBook, scanBook } = require("../../utils/scan-book");
const { CHECKING, NO_CODE, SCANNED_BEFORE, driftWords } = require("../../utils/scan-words");
const { undo } = require("../../utils/undo");

/** @typedef {import("../../utils/scan-words").Answer} Answer */
/** @typedef {import("../../api/scans").Direction} Direction */
/** @typedef {{id: string, title: string}} Market */

/** How long an answer is shown that needs no reading. */
const ANSWER_MS = { good: 1100, warn: 1700 };
/** The newest, whatever they are; those that can be undone stay besides. */
const SHOWN_LINES = 3;
/** Of those that wait for the network. */
const SHOWN_WAITING = 2;
/** What a personal code looks like; a market's own code is shorter. */
const PERSONAL_CODE = /^[\w-]{60,300}$/;

Page({
  data: {
    look: look.current(),
    /** @type {Market | null} */
    market: null,
    /** Whether the market is being chosen; the second time the only one is shown too. */
    choosing: false,
    choosingAgain: false,
    online: true,
    /** @type {Direction} */
    direction: "entry",
    /** @type {Answer | null} */
    answer: null,
    /** Words of the button below an answer that stays. */
    next: "",
    /** Words of the way out of an answer that may not last. */
    other: "",
    /** @type {ReturnType<typeof scanBook> | null} */
    book: null,
    /** @type {ReturnType<typeof scanBook>["lines"]} */
    recent: [],
    /** The newest that wait, and how many more. @type {ReturnType<typeof scanBook>["waiting"]} */
    waiting: [],
    moreWaiting: 0,
    drift: "",
    notice: "",
    refusal: NO_REFUSAL,
    busy: false,
  },

  visible: false,
  scanning: false,
  timer: 0,
  /** Key of the scan on the screen, where it waits for the network. */
  kept: "",
  /** Stops waiting for what came of it. @type {(() => void) | undefined} */
  stopWaiting: undefined,
  /** @type {(() => void)[]} */
  unfollow: [],

  onLoad() {
    const market = chosenMarket.get();
    this.setData({ market, choosing: !market });
  },

  onShow() {
    look.apply(this);
    comeBack(this);
    this.visible = true;
    this.unfollow = [
      network.follow((online) => this.setData({ online })),
      followBook(() => this.showBook()),
    ];
    wx.setKeepScreenOn({ keepScreenOn: true });
  },

  onHide() {
    this.rest();
  },

  onUnload() {
    this.rest();
    clearTimeout(this.timer);
    this.stopWaiting?.();
  },

  rest() {
    this.visible = false;
    this.unfollow.forEach((stop) => stop());
    this.unfollow = [];
    wx.setKeepScreenOn({ keepScreenOn: false });
  },

  showBook() {
    const { market } = this.data;
    if (!market) return;
    takeLateAnswers();
    const book = scanBook(market.id);
    const recent = book.lines.filter(({ canUndo }, index) => canUndo || index < SHOWN_LINES);
    const waiting = book.waiting.slice(-SHOWN_WAITING).reverse();
    this.setData({ book, recent, waiting, moreWaiting: book.waiting.length - waiting.length });
  },

  /** @param {WechatMiniprogram.CustomEvent<{activity: Market}>} event */
  onMarket({ detail }) {
    const { id, title } = detail.activity;
    chosenMarket.set({ id, title });
    this.setData({ market: { id, title }, choosing: false, notice: "" });
    this.showBook();
  },

  onOtherMarket() {
    chosenMarket.forget();
    this.setData({ market: null, choosing: true, choosingAgain: true, book: null, recent: [] });
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onDirection(event) {
    this.setData({ direction: event.currentTarget.dataset.direction });
  },

  onScan() {
    if (this.scanning || this.data.answer || !this.data.market) return;
    this.scanning = true;
    this.setData({ notice: "" });
    wx.scanCode({
      scanType: ["qrCode"],
      onlyFromCamera: true,
      success: ({ result }) => this.take(codeInScan({ result })),
      complete: () => {
        this.scanning = false;
      },
    });
  },

  /** @param {string} code */
  async take(code) {
    const { market, direction } = this.data;
    if (!market || this.data.answer) return;
    if (!PERSONAL_CODE.test(code)) return this.show(NO_CODE);
    if (waitsFor(code, direction)) return this.show(SCANNED_BEFORE);
    this.setData({ answer: CHECKING, next: "", other: "" });
    const whom = { resident_code: code };
    const about = { who: "扫的签到码", direction };
    const { answer, driftSeconds, kept } = await checkIn(market, whom, about);
    this.kept = kept;
    this.setData({ drift: driftWords(driftSeconds) });
    this.show(answer);
    if (kept) this.stopWaiting = awaitLate(kept, (late) => this.show(late));
  },

  /** @param {Answer} answer */
  show(answer) {
    vibrate(answer.tone);
    this.setData({ answer, next: "扫下一位", other: otherWay(answer) });
    if (answer.stays) return;
    this.timer = setTimeout(() => this.onNext(), ANSWER_MS[answer.tone === "good" ? "good" : "warn"]);
  },

  /** The next one at once; the camera's own way back ends the round. */
  onNext() {
    clearTimeout(this.timer);
    if (!this.data.answer || this.data.answer === CHECKING) return;
    this.stopWaiting?.();
    this.setData({ answer: null });
    if (this.visible) this.onScan();
  },

  async onOther() {
    const { answer } = this.data;
    if (answer && answer.tone === "warn") {
      const named = await nameIt(this.kept, this.data.direction);
      // Meanwhile it may have been judged: that is read first.
      if (named && this.data.answer === answer) this.onNext();
      return;
    }
    this.stopWaiting?.();
    this.setData({ answer: null });
    this.onFind();
  },

  onFind() {
    wx.navigateTo({ url: `/packages/volunteer/pages/find/find?direction=${this.data.direction}` });
  },

  onWriteIn() {
    wx.navigateTo({ url: "/packages/volunteer/pages/write-in/write-in" });
  },

  onRecords() {
    wx.navigateTo({ url: "/packages/volunteer/pages/records/records" });
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  async onUndo(event) {
    const line = this.data.recent.find(({ id }) => id === event.currentTarget.dataset.id);
    if (!line || this.data.busy) return;
    this.setData({ busy: true, notice: "", refusal: NO_REFUSAL });
    try {
      this.setData({ notice: await undo(line) });
    } catch (error) {
      refuse(this, error, line.id);
    } finally {
      this.setData({ busy: false });
    }
  },
});

/**
 * What else can be done about an answer that stays.
 * @param {Answer} answer
 */
function otherWay({ stays, tone }) {
  if (!stays) return "";
  return tone === "warn" ? "记下是谁" : "用手机尾号查找";
}

/**
 * A scan that nobody has judged yet may be refused later: who was it then?
 * @param {string} key the outbox's
 * @param {Direction} direction
 * @returns {Promise<boolean>} whether something was noted
 */
async function nameIt(key, direction) {
  const { confirm, content } = await wx.showModal({
    title: "是谁的码？",
    content: "",
    editable: true,
    placeholderText: "姓名或手机尾号",
    confirmText: "记下",
    cancelText: "不记",
  });
  const who = confirm ? content.trim() : "";
  if (who) nameKept(key, who, direction);
  return who !== "";
}
