// @ts-check
// Sign up for one service: a slot in advance, or a number on the spot; for me or my family.

const { getActivity } = require("../../api/activities");
const { pollMyBookings, signUp, takeNumber } = require("../../api/bookings");
const { ApiError, sentenceOf } = require("../../api/errors");
const { getMe, listFamily } = require("../../api/me");
const session = require("../../api/session");
const { activityWords } = require("../../utils/activity-words");
const { bookingWords, clashOf } = require("../../utils/booking-words");
const { bringUp } = require("../../utils/bring-up");
const { uuid } = require("../../utils/ids");
const look = require("../../utils/look");
const myNumbers = require("../../utils/my-numbers");
const { addToCalendar, canAdd } = require("../../utils/phone-calendar");
const { NO_REFUSAL, comeBack, mend, refuse } = require("../../utils/refusal");
const reminders = require("../../utils/reminders");
const { emptyWords, isSignUpOpen, noSlotWords, slotChoices } = require("../../utils/offering-words");
const { serviceCard, shared } = require("../../utils/share");
const { dayKey, waitWords } = require("../../utils/time");
const { MYSELF, NOBODY, whom } = require("../../utils/whom");

/** @typedef {import("../../api/types").Offering} Offering */

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    title: "",
    stall: "",
    when: "",
    age: "",
    bySlot: false,
    canSignUp: false,
    onTheSpot: false,
    line: "",
    /** Whether it is already said what the chosen person needs. */
    hasNeeds: false,
    /** @type {ReturnType<typeof slotChoices>} */
    slots: [],
    noSlot: "",
    slotId: "",
    /** @type {import("../../api/types").FamilyMember[]} */
    family: [],
    residentId: MYSELF,
    /** Whether the person wants it for the family, having it themselves already. */
    forFamily: false,
    /** The button that is at work. @type {"" | "sign-up" | "number"} */
    busy: "",
    refusal: NO_REFUSAL,
    hasNumber: false,
    /** @type {ReturnType<typeof bookingWords> | null} */
    done: null,
    hasCalendar: canAdd(),
    reminder: "",
  },

  activityId: "",
  offeringId: "",
  /** @type {Offering | undefined} */
  offering: undefined,
  /** @type {import("../../api/types").Activity | null} */
  activity: null,
  /** What it passes on. @type {import("../../utils/share").Shared | null} */
  shared: null,
  /** @type {import("../../api/types").Me | null} */
  me: null,
  /** The one that was made here. @type {import("../../api/types").Booking | undefined} */
  booking: undefined,
  /** What was pressed last, with its key: pressing the same again is the same action. */
  pressed: { what: "", key: "" },
  /** Stops following what becomes of the number. */
  unfollow: () => {},

  /** @param {{activity?: string, offering?: string, for?: string}} query */
  onLoad({ activity = "", offering = "", for: whose }) {
    this.activityId = activity;
    this.offeringId = offering;
    if (whose === "family") this.setData({ forFamily: true, residentId: NOBODY });
  },

  onShow() {
    look.apply(this);
    comeBack(this);
    if (this.data.done) this.followNumber();
    else this.load();
  },

  onHide() {
    this.unfollow();
  },

  onUnload() {
    this.unfollow();
  },

  /** It may be called, at once or while this page is shown. */
  followNumber() {
    this.unfollow();
    this.unfollow = myNumbers.follow({
      onChange: (bookings) => {
        const mine = bookings.find(({ id }) => id === this.data.done?.id);
        if (mine) this.setData({ done: bookingWords(mine) });
      },
    });
    myNumbers.refresh();
  },

  async load() {
    try {
      const [activity, family, me] = await Promise.all([
        getActivity(this.activityId), this.loadFamily(), this.loadMe(),
      ]);
      const stall = activity.stalls.find(({ offerings }) =>
        offerings.some(({ id }) => id === this.offeringId),
      );
      const offering = stall && stall.offerings.find(({ id }) => id === this.offeringId);
      if (!stall || !offering) {
        this.setData({ loading: false, error: "这项服务已经撤下，请看看其他服务" });
        return;
      }
      this.activity = activity;
      this.offering = offering;
      this.shared = shared(activity, offering.title);
      this.me = me;
      this.setData({
        ...this.offeringWords(offering, activity.state === "live"),
        stall: `${stall.number} 号摊位 ${stall.name}`,
        when: activityWords(activity).when,
        line: offering.line && activity.state === "live" ? lineWords(offering.line) : "",
        family,
        hasNeeds: this.hasNeeds(family, this.data.residentId),
        loading: false,
        error: "",
      });
      await this.offerReminders();
    } catch (error) {
      if (!this.data.title) this.setData({ loading: false, error: sentenceOf(error) });
    }
  },

  /** None where nobody is logged in: they are asked for after the login. */
  async loadFamily() {
    if (!session.isLoggedIn()) return [];
    return listFamily().then(({ items }) => items).catch(() => []);
  },

  /** Me, with what I need when I come; null where that can't be known. */
  async loadMe() {
    return session.isLoggedIn() ? getMe().catch(() => null) : null;
  },

  /**
   * @param {import("../../api/types").FamilyMember[]} family
   * @param {string} residentId
   */
  hasNeeds(family, residentId) {
    const person = residentId === MYSELF ? this.me : family.find(({ id }) => id === residentId);
    const needs = person?.special_needs;
    return Boolean(needs && (needs.tags.length || needs.words));
  },

  /** Mine and my family's, as they are when it is asked: another phone may have signed up meanwhile. */
  async loadBookings() {
    if (!session.isLoggedIn()) return [];
    return pollMyBookings().then(({ items }) => items).catch(() => []);
  },

  /**
   * @param {Offering} offering
   * @param {boolean} live
   */
  offeringWords(offering, live) {
    const bySlot = offering.mode === "slots";
    const slots = slotChoices(offering);
    const slotId = slots.some(({ id, full }) => id === this.data.slotId && !full) ? this.data.slotId : "";
    const open = isSignUpOpen(offering, Date.now());
    return {
      title: offering.title,
      age: offering.min_age ? `面向 ${offering.min_age} 岁以上` : "",
      bySlot,
      slots,
      noSlot: bySlot ? noSlotWords(offering) : "",
      slotId,
      canSignUp: open && (bySlot ? slots.some(({ full }) => !full) : !live),
      onTheSpot: live,
    };
  },

  onRetry() {
    this.setData({ loading: true, error: "" });
    this.load();
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onSlot(event) {
    this.setData({ slotId: event.currentTarget.dataset.id, hasNumber: false });
    mend(this, "slot");
    this.offerReminders();
  },

  /** @param {WechatMiniprogram.CustomEvent<{value: string}>} event */
  onWho({ detail }) {
    const { value: residentId } = detail;
    const hasNeeds = this.hasNeeds(this.data.family, residentId);
    this.setData({ residentId, hasNumber: false, hasNeeds });
    mend(this, "who");
  },

  async onSignUp() {
    if (this.data.busy) return;
    const { slotId, residentId } = this.data;
    const faults = {
      ...this.missingWho(),
      ...(this.data.bySlot && !slotId && { slot: "请先选一个时段" }),
    };
    if (Object.keys(faults).length) {
      refuse(this, faults);
      return;
    }
    reminders.ask(this.remindersOfSignUp());
    this.setData({ busy: "sign-up" });
    const wanted = await this.wantsBoth(slotId);
    this.setData({ busy: "" });
    if (!wanted) return;
    const body = { ...(slotId && { slot_id: slotId }), ...whom(residentId) };
    this.book("sign-up", slotId, (key) => signUp(this.offeringId, body, key));
  },

  /** What comes for who signs up: of another day a reminder on the day before, too. */
  remindersOfSignUp() {
    const slot = this.offering?.slots.find(({ id }) => id === this.data.slotId);
    const begins = slot ? slot.starts_at : this.activity?.starts_at;
    const isLater = begins && dayKey(begins) > dayKey(Date.now());
    return isLater ? reminders.FOR_LATER : reminders.FOR_TODAY;
  },

  async offerReminders() {
    const names = this.data.canSignUp ? this.remindersOfSignUp() : reminders.FOR_TODAY;
    this.setData({ reminder: await reminders.offerWords(names) });
  },

  /**
   * Whether the person wants this time, though they are expected elsewhere then.
   * @param {string} slotId
   */
  async wantsBoth(slotId) {
    const slot = this.offering?.slots.find(({ id }) => id === slotId);
    if (!slot) return true;
    const bookings = await this.loadBookings();
    const clash = clashOf(bookings, slot, this.data.residentId, this.offeringId);
    if (!clash) return true;
    const { confirm } = await wx.showModal({
      title: "同一时间已经约了一项",
      content: `${clash.who}已经约了${clash.when}的${clash.title}（${clash.market}），和这个时段撞在一起。还要报名吗？`,
      confirmText: "仍要报名",
      cancelText: "换个时段",
    });
    return confirm;
  },

  onTakeNumber() {
    if (this.data.busy) return;
    const missing = this.missingWho();
    if (missing) {
      refuse(this, missing);
      return;
    }
    reminders.ask(reminders.FOR_TODAY);
    const { residentId } = this.data;
    this.book("number", "", (key) => takeNumber(this.offeringId, whom(residentId), key));
  },

  missingWho() {
    const { residentId, family } = this.data;
    if (residentId !== NOBODY) return null;
    return { who: family.length ? "请先选为哪位家人报名" : "请先添加家人，再为家人报名" };
  },

  onNeeds() {
    const { residentId } = this.data;
    const whose = residentId === MYSELF ? "" : `?member=${residentId}`;
    wx.navigateTo({ url: `/pages/special-needs/special-needs${whose}` });
  },

  onAddFamily() {
    wx.navigateTo({ url: "/pages/family-edit/family-edit" });
  },

  /**
   * @param {"sign-up" | "number"} button that was pressed
   * @param {string} slotId
   * @param {(key: string) => Promise<import("../../api/types").Booking>} send
   */
  async book(button, slotId, send) {
    if (this.data.busy) return;
    this.setData({ busy: button, refusal: NO_REFUSAL, hasNumber: false });
    try {
      const booking = await send(this.keyFor(`${button} ${slotId} ${this.data.residentId}`));
      this.booking = booking;
      this.setData({ done: bookingWords(booking) });
      bringUp("#done");
      this.followNumber();
    } catch (error) {
      await this.explain(error);
    } finally {
      this.setData({ busy: "" });
      reminders.report();
    }
  },

  /**
   * The key of this action: the earlier one where its answer was lost, so that nobody is booked
   * twice.
   * @param {string} what
   */
  keyFor(what) {
    if (this.pressed.what !== what) this.pressed = { what, key: uuid() };
    return this.pressed.key;
  },

  /** @param {unknown} error */
  async explain(error) {
    const code = error instanceof ApiError ? error.code : "";
    this.setData({ hasNumber: code === "already_booked" });
    const ofSlot = code === "slot_full" || (error instanceof ApiError && error.more?.slot_over);
    refuse(this, ofSlot ? { slot: sentenceOf(error) } : error);
    if (error instanceof ApiError && error.transient) return;
    this.pressed = { what: "", key: "" };
    if (code === "not_checked_in") {
      const { confirm } = await wx.showModal({
        title: "请先签到",
        content: `${sentenceOf(error)}。扫一扫入口处的签到码就可以。`,
        confirmText: "去扫码",
        cancelText: "知道了",
      });
      if (confirm) wx.navigateTo({ url: this.checkInUrl() });
      return;
    }
    this.load();
  },

  /** Whoever checks in comes back here, with all that was chosen. */
  checkInUrl() {
    const { title, residentId } = this.data;
    const service = encodeURIComponent(title);
    return `/pages/checkin/checkin?activity=${this.activityId}&service=${service}&resident=${residentId}`;
  },

  onNumber() {
    if (this.data.done) myNumbers.showFirst(this.data.done.id);
    wx.switchTab({ url: "/pages/number/number" });
  },

  onBack() {
    wx.navigateBack();
  },

  async onCalendar() {
    if (this.booking) await addToCalendar(this.booking).catch((error) => refuse(this, error));
  },

  /** @returns {ReturnType<typeof serviceCard>} */
  onShareAppMessage() {
    return this.shareCard();
  },

  /** @returns {ReturnType<typeof serviceCard>} */
  onShareTimeline() {
    return this.shareCard();
  },

  /** @returns {ReturnType<typeof serviceCard>} */
  shareCard() {
    return serviceCard(this.offeringId, this.activityId, this.shared);
  },
});

/** @param {NonNullable<Offering["line"]>} line */
function lineWords({ waiting, early, estimate_minutes: estimate }) {
  return waiting === 0 ? emptyWords({ early }) : `现在有 ${waiting} 位在等，${waitWords(estimate)}`;
}
