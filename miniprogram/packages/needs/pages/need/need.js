// @ts-check
// What becomes of a need (?id=), to its end; to ask for it, too, and to take that back.

const { sentenceOf } = require("../../../../api/errors");
const look = require("../../../../utils/look");
const { NO_REFUSAL, comeBack, refuse } = require("../../../../utils/refusal");
const { needCard } = require("../../../../utils/share");
const { getNeed, leaveNeed, supportNeed } = require("../../api/needs");
const { needWords, steps, whenOf } = require("../../utils/need-words");

/** @typedef {import("../../../../api/types").NeedInFull} NeedInFull */

/** While it is on its way: what has ended is asked for anew. */
const ON_ITS_WAY = ["open", "accepted", "planned", "served"];

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    /** @type {ReturnType<typeof needWords> | null} */
    need: null,
    details: "",
    when: "",
    /** @type {ReturnType<typeof steps>} */
    steps: [],
    reason: "",
    turnTo: "",
    /** Whether I, or one of my family, ask for it. */
    mine: false,
    joinable: false,
    /** Whether what was pressed last waits for the network. */
    saved: false,
    busy: false,
    refusal: NO_REFUSAL,
  },

  id: "",

  onLoad({ id = "" }) {
    this.id = id;
  },

  onShow() {
    look.apply(this);
    comeBack(this);
    this.load();
  },

  async load() {
    this.setData({ error: "", loading: !this.data.need });
    try {
      this.show(await getNeed(this.id));
    } catch (error) {
      // What is shown already stays; the bar at the top says it.
      if (!this.data.need) this.setData({ loading: false, error: sentenceOf(error) });
    }
  },

  /** @param {NeedInFull} need */
  show(need) {
    this.setData({
      loading: false,
      need: needWords(need),
      details: need.details || "",
      when: whenOf(need),
      steps: steps(need),
      reason: need.reason || "",
      turnTo: need.turn_to || "",
      mine: need.mine !== null,
      joinable: ON_ITS_WAY.includes(need.state),
    });
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onMarket(event) {
    wx.navigateTo({ url: `/pages/market/market?id=${event.currentTarget.dataset.id}` });
  },

  async onSupport() {
    const { need } = this.data;
    if (need) await this.doing(() => supportNeed(need));
  },

  async onLeave() {
    const { need } = this.data;
    if (!need) return;
    const { confirm } = await wx.showModal({
      title: "不再需要了？",
      content: "您的这一份会撤回，以后不再告诉您进展。想要了可以再点「我也需要」。",
      confirmText: "不再需要",
      cancelText: "还需要",
    });
    if (confirm) await this.doing(() => leaveNeed(need));
  },

  /** @param {() => Promise<{sent: boolean}>} act */
  async doing(act) {
    if (this.data.busy) return;
    this.setData({ busy: true, saved: false, refusal: NO_REFUSAL });
    try {
      const { sent } = await act();
      if (sent) await this.load();
      else this.setData({ saved: true });
    } catch (error) {
      refuse(this, error);
    } finally {
      this.setData({ busy: false });
    }
  },

  onShareAppMessage() {
    return needCard(this.id, this.data.need);
  },
});
