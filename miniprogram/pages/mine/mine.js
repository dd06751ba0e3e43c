// @ts-check
// Everything about me, and the way to a volunteer's or organiser's work.

const { getCatalogue } = require("../../api/activities");
const { ApiError, sentenceOf } = require("../../api/errors");
const { changeMe, getMe, logOut } = require("../../api/me");
const session = require("../../api/session");
const callSound = require("../../utils/call-sound");
const look = require("../../utils/look");
const myNumbers = require("../../utils/my-numbers");
const outbox = require("../../utils/outbox");
const { NO_REFUSAL, comeBack, refuse } = require("../../utils/refusal");

const PHONE_STATES = {
  none: "还没有填写",
  typed: "未核实",
  verified: "已核实",
  confirmed: "已核实",
};

Page({
  data: {
    look: look.current(),
    loggedIn: false,
    error: "",
    /** @type {import("../../api/types").Me | null} */
    me: null,
    phone: "",
    unread: 0,
    /** Whether something is to be agreed to anew: its text has changed since. */
    consentsChanged: false,
    callsHeard: true,
    isVolunteer: false,
    isOrganiser: false,
    busy: false,
    refusal: NO_REFUSAL,
  },

  /** Stops following how many notices are unread. */
  unfollow: () => {},

  onShow() {
    look.apply(this);
    comeBack(this);
    myNumbers.badgeTabs();
    this.unfollow = myNumbers.follow({ onChange: (_bookings, unread) => this.setData({ unread }) });
    const loggedIn = session.isLoggedIn();
    this.setData({ loggedIn, callsHeard: callSound.isOn() });
    if (!loggedIn) return;
    const known = session.knownUser();
    if (known) this.showMe(known);
    this.load();
    myNumbers.refresh();
  },

  onHide() {
    this.unfollow();
  },

  onUnload() {
    this.unfollow();
  },

  async load() {
    this.setData({ error: "" });
    try {
      const me = await getMe();
      this.showMe(me);
      this.takeElderMode(me);
      if (me.consents.length) await this.lookAtConsents(me);
    } catch (error) {
      if (!this.data.me) this.setData({ error: sentenceOf(error) });
    }
  },

  /** @param {import("../../api/types").Me} me */
  showMe(me) {
    this.setData({
      me,
      loggedIn: true,
      phone: me.phone ? `${me.phone} ${PHONE_STATES[me.phone_state]}` : PHONE_STATES.none,
      isVolunteer: session.hasRole(me, "volunteer", "organiser", "admin"),
      isOrganiser: session.hasRole(me, "organiser", "admin"),
    });
  },

  /** @param {import("../../api/types").Me} me */
  async lookAtConsents(me) {
    const { consents } = await getCatalogue();
    const current = new Map(consents.map(({ purpose, version }) => [purpose, version]));
    const consentsChanged = me.consents.some(({ purpose, version }) => current.get(purpose) !== version);
    this.setData({ consentsChanged });
  },

  /**
   * Elder mode was chosen on another phone: this one follows until it is set here by hand.
   * @param {import("../../api/types").Me} me
   */
  takeElderMode(me) {
    if (look.isChosen() || !me.preferences.elder_mode) return;
    look.setElder(true);
    look.apply(this);
  },

  async onLogIn() {
    if (this.data.busy) return;
    this.setData({ busy: true, loggedIn: true, refusal: NO_REFUSAL });
    try {
      await session.token();
      const known = session.knownUser();
      if (known) this.showMe(known);
      else await this.load();
      myNumbers.refresh();
    } catch (error) {
      if (error instanceof ApiError && error.exhausted) {
        this.setData({ error: sentenceOf(error) });
        return;
      }
      this.setData({ loggedIn: false });
      refuse(this, error);
    } finally {
      this.setData({ busy: false });
    }
  },

  onElder() {
    const elder = !this.data.look.elder;
    look.setElder(elder);
    look.apply(this);
    // Kept for the person's other phones too; this phone does not wait for it.
    if (session.isLoggedIn()) {
      changeMe({ preferences: { elder_mode: elder } }).catch(() => undefined);
    }
  },

  onCallSound() {
    const callsHeard = !this.data.callsHeard;
    callSound.setOn(callsHeard);
    this.setData({ callsHeard });
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onOpen(event) {
    wx.navigateTo({ url: event.currentTarget.dataset.url });
  },

  async onLogOut() {
    const waiting = outbox.pending().length + outbox.refused().length;
    const { confirm } = await wx.showModal({
      title: "退出登录？",
      content: waiting
        ? `还有 ${waiting} 条没有上传或没有处理，退出后会丢失。建议先联网上传、处理完再退出。`
        : "您的报名和记录都会保留，下次登录还能看到。",
      confirmText: "退出",
      cancelText: "不退出",
    });
    if (!confirm) return;
    await logOut();
    this.setData({ loggedIn: false, me: null, isVolunteer: false, isOrganiser: false });
  },
});
