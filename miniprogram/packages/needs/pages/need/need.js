// @ts-check
// What becomes of a need (?id=), to its end; to ask for it, too, to take that back, and to say
// whether it is solved.

const { sentenceOf } = require("../../../../api/errors");
const { knowFamily } = require("../../../../api/me");
const session = require("../../../../api/session");
const { whoWords } = require("../../../../utils/family-names");
const look = require("../../../../utils/look");
const outbox = require("../../../../utils/outbox");
const { forgetPhoto, keepPhoto } = require("../../../../utils/photo-files");
const { NO_REFUSAL, comeBack, refuse } = require("../../../../utils/refusal");
const { needCard } = require("../../../../utils/share");
const { getNeed, getPhoto, leaveNeed, supportNeed } = require("../../api/needs");
const { MOST, choosePhotos, sendPhoto } = require("../../utils/need-photos");
const { IN_VAIN, ON_ITS_WAY, needWords, outcomes, restOf, steps, whenOf } = require("../../utils/need-words");

/** @typedef {import("../../../../api/types").NeedInFull} NeedInFull */

/** Where those who asked say whether it is solved. */
const JUDGED_IN = ["served", "evaluated"];

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
    /** @type {ReturnType<typeof outcomes>} */
    outcomes: [],
    /** Mine, and those of my family. @type {ReturnType<typeof voicesOf>} */
    voices: [],
    /** Whether those of them are asked whether it is solved. */
    asked: false,
    joinable: false,
    /** Whether they may still be taken back: not where nothing more comes of it. */
    leavable: false,
    /** Files to be shown, by their ids. @type {Record<string, string>} */
    photos: {},
    /** @type {string[]} */
    photoIds: [],
    /** Whether photos may be added. */
    addable: false,
    /** Whether what was pressed, now or before, waits for the network. */
    saved: false,
    busy: false,
    refusal: NO_REFUSAL,
  },

  id: "",

  /** Stops following what is handed in late. */
  unfollow: () => {},

  onLoad({ id = "" }) {
    this.id = id;
    this.unfollow = outbox.followSent(() => this.load());
  },

  onUnload() {
    this.unfollow();
    Object.values(this.data.photos).forEach(forgetPhoto);
  },

  onShow() {
    look.apply(this);
    comeBack(this);
    this.load();
  },

  async load() {
    this.setData({ error: "", loading: !this.data.need, saved: this.isWaiting() });
    try {
      const need = await getNeed(this.id);
      if (need.own_voices.some(({ resident_id: id }) => !session.isMyself({ id }))) await knowFamily();
      this.show(need);
    } catch (error) {
      // What is shown already stays; the bar at the top says it.
      if (!this.data.need) this.setData({ loading: false, error: sentenceOf(error) });
    }
  },

  /** Whether 「我也需要」 or 「不再需要」 is still to be sent. */
  isWaiting() {
    return outbox.holds(`/needs/${this.id}/support`);
  },

  /** @param {NeedInFull} need */
  show(need) {
    this.setData({
      loading: false,
      need: needWords(need),
      details: restOf(need),
      when: whenOf(need),
      steps: steps(need),
      reason: need.reason || "",
      turnTo: need.turn_to || "",
      outcomes: outcomes(need),
      voices: voicesOf(need),
      asked: JUDGED_IN.includes(need.state),
      joinable: ON_ITS_WAY.includes(need.state) && !need.own_voices.some(({ resident_id: id }) => session.isMyself({ id })),
      leavable: !IN_VAIN.includes(need.state),
      photoIds: need.photos,
      addable: need.state === "open" && need.photos.length < MOST && need.own_voices.some(({ role }) => role === "raiser"),
    });
    this.showPhotos(need.photos);
  },

  /**
   * One that can't be read now is not shown: all else is there.
   * @param {string[]} ids
   */
  async showPhotos(ids) {
    for (const id of ids.filter((one) => !this.data.photos[one])) {
      try {
        this.setData({ [`photos.${id}`]: await keepPhoto(id, await getPhoto(this.id, id)) });
      } catch {
        // The next time the page is shown it is asked for again.
      }
    }
  },

  /** More of them, while nobody has decided on it. */
  async onAddPhotos() {
    if (this.data.busy) return;
    this.setData({ busy: true, refusal: NO_REFUSAL });
    try {
      for (const photo of await choosePhotos(MOST - this.data.photoIds.length)) this.show(await sendPhoto(this.id, photo));
    } catch (error) {
      refuse(this, error, "photos");
    } finally {
      this.setData({ busy: false });
    }
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onMarket(event) {
    wx.navigateTo({ url: `/pages/market/market?id=${event.currentTarget.dataset.id}` });
  },

  async onSupport() {
    const { need } = this.data;
    if (need) await this.doing(() => supportNeed(need));
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  async onLeave({ currentTarget }) {
    const { need } = this.data;
    if (!need) return;
    const { confirm } = await wx.showModal({
      title: "不再需要了？",
      content: "这一份会撤回，以后不再告诉您进展。想要了可以再点「我也需要」。",
      confirmText: "不再需要",
      cancelText: "还需要",
    });
    if (confirm) await this.doing(() => leaveNeed(need, currentTarget.dataset.resident));
  },

  /** @param {() => Promise<{sent: boolean}>} act */
  async doing(act) {
    if (this.data.busy) return;
    this.setData({ busy: true, refusal: NO_REFUSAL });
    try {
      const { sent } = await act();
      if (sent) await this.load();
      else this.setData({ saved: this.isWaiting() });
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

/**
 * Mine first, then those of my family, with what they are called here.
 * @param {NeedInFull} need
 */
function voicesOf({ own_voices: voices }) {
  return voices.map((voice) => ({ ...voice, who: whoOf(voice.resident_id) }));
}

/** @param {string} id */
function whoOf(id) {
  return session.isMyself({ id }) ? "" : whoWords({ id, display_name: "家人" });
}
