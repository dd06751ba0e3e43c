// @ts-check
// What this phone has scanned today, one by one: what was not accepted, what waits for the network,
// what is done. The volunteer shows it to the organiser.

const look = require("../../../../utils/look");
const network = require("../../../../utils/network");
const outbox = require("../../../../utils/outbox");
const { NO_REFUSAL, comeBack, refuse } = require("../../../../utils/refusal");
const { answerLate, takeLateAnswers } = require("../../utils/check-in");
const { chosenMarket } = require("../../utils/chosen");
const { followBook, scanBook } = require("../../utils/scan-book");
const { undo } = require("../../utils/undo");

Page({
  data: {
    look: look.current(),
    title: "",
    online: true,
    /** @type {ReturnType<typeof scanBook> | null} */
    book: null,
    notice: "",
    refusal: NO_REFUSAL,
    busy: false,
  },

  market: "",
  /** @type {(() => void)[]} */
  unfollow: [],

  onLoad() {
    const market = chosenMarket.get();
    this.market = market ? market.id : "";
    this.setData({ title: market ? market.title : "" });
  },

  onShow() {
    look.apply(this);
    comeBack(this);
    this.unfollow = [
      network.follow((online) => this.setData({ online })),
      followBook(() => this.showBook()),
    ];
  },

  onHide() {
    this.rest();
  },

  onUnload() {
    this.rest();
  },

  rest() {
    this.unfollow.forEach((stop) => stop());
    this.unfollow = [];
  },

  showBook() {
    takeLateAnswers();
    this.setData({ book: scanBook(this.market) });
  },

  onSend() {
    outbox.flush();
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onRetry(event) {
    outbox.retry(event.currentTarget.dataset.key);
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  async onWay(event) {
    if (this.data.busy) return;
    this.setData({ busy: true, notice: "", refusal: NO_REFUSAL });
    const { key, way } = event.currentTarget.dataset;
    const answer = await answerLate(key, way);
    if (answer && answer.tone === "bad") refuse(this, answer.title, key);
    else this.setData({ notice: answer ? answer.title : "" });
    this.setData({ busy: false });
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  async onDone(event) {
    const { confirm } = await wx.showModal({
      title: "这条处理好了？",
      content: "请确认已经补签，或组织者已经知道。点「处理好了」后，这条不再显示。",
      confirmText: "处理好了",
      cancelText: "还没有",
    });
    if (confirm) outbox.dismiss(event.currentTarget.dataset.key);
  },

  onFind() {
    wx.navigateTo({ url: "/packages/volunteer/pages/find/find" });
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  async onUndo(event) {
    const line = this.data.book?.lines.find(({ id }) => id === event.currentTarget.dataset.id);
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
