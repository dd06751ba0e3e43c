// @ts-check
// Check somebody in without their code: the end of the phone number on a big keypad, or the name, or
// the whole number, which alone finds who is new here.

const { bringUp } = require("../../../../utils/bring-up");
const look = require("../../../../utils/look");
const network = require("../../../../utils/network");
const { NO_REFUSAL, comeBack, refuse } = require("../../../../utils/refusal");
const { askedFor, findResidents } = require("../../api/residents");
const { awaitLate, checkIn, vibrate } = require("../../utils/check-in");
const { chosenMarket } = require("../../utils/chosen");
const { begunWith, guestDraft } = require("../../utils/guest-draft");
const { foundPeople, foundWords } = require("../../utils/person-words");

/** @typedef {import("../../utils/scan-words").Answer} Answer */
/** @typedef {import("../../api/scans").Direction} Direction */

const BY_TAIL = "请按手机号的后四位";
const BY_NAME = "请填写登记时用的姓名，或完整的手机号";
const NOBODY_FOUND = "没有找到。没来过的人要用完整的手机号查，也可以登记姓名";
const TAIL_DIGITS = 4;
const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "clear", "0", "back"];
/** @type {Record<string, string>} */
const KEY_WORDS = { clear: "清空", back: "退格" };

Page({
  data: {
    look: look.current(),
    /** @type {{id: string, title: string} | null} */
    market: null,
    /** @type {Direction} */
    direction: "entry",
    online: true,
    byName: false,
    keys: KEYS.map((key) => ({ key, words: KEY_WORDS[key] || key })),
    tail: "",
    /** The four places of the number's end, empty ones too. */
    places: placesOf(""),
    name: "",
    searching: false,
    /** What to do, or what came of the search. */
    words: BY_TAIL,
    /** @type {ReturnType<typeof foundWords>[]} */
    found: [],
    /** How many more fit than are listed. */
    more: 0,
    busy: false,
    refusal: NO_REFUSAL,
    /** @type {Answer | null} */
    answer: null,
  },

  /** @type {(() => void) | undefined} */
  unfollow: undefined,
  /** Stops waiting for what came of a check-in. @type {(() => void) | undefined} */
  stopWaiting: undefined,

  /** @param {{direction?: string}} query */
  onLoad({ direction }) {
    const leaves = direction === "exit";
    this.setData({ market: chosenMarket.get(), direction: leaves ? "exit" : "entry" });
    if (leaves) wx.setNavigationBarTitle({ title: "查找签退" });
  },

  onShow() {
    look.apply(this);
    comeBack(this);
    this.unfollow = network.follow((online) => this.setData({ online }));
  },

  onHide() {
    this.unfollow?.();
  },

  onUnload() {
    this.unfollow?.();
    this.stopWaiting?.();
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onBy(event) {
    this.forget({ byName: event.currentTarget.dataset.name });
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onKey(event) {
    const tail = pressed(this.data.tail, event.currentTarget.dataset.key);
    this.forget({ tail, places: placesOf(tail) });
    if (tail.length === TAIL_DIGITS) this.search({ phone: tail });
  },

  /** @param {WechatMiniprogram.Input} event */
  onName({ detail }) {
    this.forget({ name: detail.value });
  },

  onSearchName() {
    const words = this.data.name.trim();
    if (words) this.search(askedFor(words));
    else refuse(this, { name: "请先填写完整的姓名或手机号" });
  },

  /**
   * What was found belongs to what was asked.
   * @param {object} change
   */
  forget(change) {
    const byName = "byName" in change ? change.byName : this.data.byName;
    const words = byName ? BY_NAME : BY_TAIL;
    this.setData({ ...change, words, found: [], more: 0, refusal: NO_REFUSAL });
  },

  /** @param {{phone: string} | {name: string}} by */
  async search(by) {
    const { market } = this.data;
    if (!market) return;
    this.setData({ searching: true, words: "正在查找", refusal: NO_REFUSAL });
    try {
      const { items, more } = await findResidents(market.id, by);
      if (!this.asks(by)) return;
      this.setData({ found: foundPeople(items), more, words: NOBODY_FOUND });
      if (this.data.byName) bringUp("#found");
    } catch (error) {
      if (!this.asks(by)) return;
      this.setData({ words: "" });
      refuse(this, error);
    } finally {
      this.setData({ searching: false });
    }
  },

  /**
   * Whether this is still what the person wants to know.
   * @param {{phone: string} | {name: string}} by
   */
  asks(by) {
    const { byName, tail, name } = this.data;
    return JSON.stringify(byName ? askedFor(name.trim()) : { phone: tail }) === JSON.stringify(by);
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  async onPerson(event) {
    const { market, direction, busy } = this.data;
    const person = this.data.found.find(({ id }) => id === event.currentTarget.dataset.id);
    if (!person || !market || busy) return;
    this.setData({ busy: true });
    try {
      if (!(await confirmed(person, direction))) return;
      const about = { who: person.display_name, direction };
      const { answer, kept } = await checkIn(market, { resident_id: person.id }, about);
      this.show(answer);
      if (kept) this.stopWaiting = awaitLate(kept, (late) => this.show(late));
    } finally {
      this.setData({ busy: false });
    }
  },

  /** @param {Answer} answer */
  show(answer) {
    vibrate(answer.tone);
    this.setData({ answer });
  },

  onNext() {
    this.stopWaiting?.();
    this.setData({ answer: null });
    this.forget({ tail: "", places: placesOf(""), name: "" });
  },

  onBack() {
    wx.navigateBack();
  },

  onWriteIn() {
    const { market, byName, name } = this.data;
    if (market && byName && name.trim()) guestDraft("write-in", market.id).begin(begunWith(name));
    wx.redirectTo({ url: "/packages/volunteer/pages/write-in/write-in" });
  },
});

/** @param {string} tail */
function placesOf(tail) {
  return Array.from({ length: TAIL_DIGITS }, (_, index) => ({ index, digit: tail[index] || "" }));
}

/**
 * @param {string} tail
 * @param {string} key
 */
function pressed(tail, key) {
  if (key === "clear") return "";
  if (key === "back") return tail.slice(0, -1);
  return tail.length < TAIL_DIGITS ? tail + key : key;
}

/**
 * Two people may share four digits, or a name.
 * @param {ReturnType<typeof foundWords>} person
 * @param {Direction} direction
 */
async function confirmed({ display_name: name, phone, relation, done }, direction) {
  const what = direction === "exit" ? "签退" : "签到";
  const { confirm } = await wx.showModal({
    title: `给 ${name} ${what}？`,
    content: [phone ? `手机号 ${phone}` : "没有留手机号", relation, done, "请问清楚是不是本人。"]
      .filter(Boolean).join("。"),
    confirmText: what,
    cancelText: "不是",
  });
  return confirm;
}
