// @ts-check
// My personal code for a volunteer to scan: drawn large, bright, renewed before it expires.

const { getPersonalCode } = require("../../api/checkin");
const { sentenceOf } = require("../../api/errors");
const { listFamily } = require("../../api/me");
const { createBrightScreen } = require("../../utils/bright-screen");
const look = require("../../utils/look");
const { createPoll } = require("../../utils/poll");
const { drawQr } = require("../../utils/qr");
const serverTime = require("../../utils/server-time");

const SECOND_MS = 1000;
/** A code is replaced this long before its end, so that none expires under the scanner. */
const RENEW_BEFORE_SECONDS = 15;
const RETRY = { firstMs: 1000, longestMs: 16000 };

/** @typedef {import("../../api/types").PersonalCode} PersonalCode */

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    /** @type {import("../../api/types").FamilyMember[]} */
    family: [],
    residentId: "",
    renewsIn: 0,
  },

  expiresAt: 0,
  /** Why there is no new one; the old one stays as long as it is good. */
  failure: "",
  ticking: 0,
  /** @type {ReturnType<typeof createPoll> | undefined} */
  poll: undefined,
  /** @type {ReturnType<typeof createBrightScreen> | undefined} */
  screen: undefined,

  onLoad() {
    this.screen = createBrightScreen();
    this.poll = createPoll({
      read: () => getPersonalCode(this.data.residentId || undefined),
      every: () => Math.max(1, this.renewsIn()) * SECOND_MS,
      retry: RETRY,
      onChange: (code) => this.show(code),
      onError: (error) => {
        this.failure = sentenceOf(error);
        this.tick();
      },
    });
    this.loadFamily();
  },

  onShow() {
    look.apply(this);
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

  async loadFamily() {
    try {
      this.setData({ family: (await listFamily()).items });
    } catch {
      this.setData({ family: [] });
    }
  },

  /** @param {PersonalCode} code */
  show({ code, expires_at: expiresAt }) {
    this.failure = "";
    this.expiresAt = Date.parse(expiresAt);
    this.setData({ loading: false, error: "", renewsIn: this.renewsIn() });
    drawQr(this, "#qr", code);
  },

  renewsIn() {
    const left = Math.floor((this.expiresAt - serverTime.now()) / SECOND_MS);
    return Math.max(0, left - RENEW_BEFORE_SECONDS);
  },

  tick() {
    if (this.failure && serverTime.now() >= this.expiresAt) {
      this.setData({ loading: false, error: this.failure });
    } else if (this.expiresAt) {
      this.setData({ renewsIn: this.renewsIn() });
    }
  },

  onRetry() {
    this.failure = "";
    this.setData({ loading: true, error: "" });
    this.poll?.refresh();
  },

  /** @param {WechatMiniprogram.CustomEvent<{value: string}>} event */
  onWho({ detail }) {
    this.expiresAt = 0;
    this.failure = "";
    this.setData({ residentId: detail.value, loading: true, error: "" });
    this.poll?.refresh();
  },
});
