// @ts-check
// My personal code for a volunteer to scan: drawn large, bright, renewed before it expires.

const { getPersonalCode } = require("../../api/checkin");
const { sentenceOf } = require("../../api/errors");
const { listFamily } = require("../../api/me");
const { createBrightScreen } = require("../../utils/bright-screen");
const look = require("../../utils/look");
const { drawQr } = require("../../utils/qr");
const serverTime = require("../../utils/server-time");

const SECOND_MS = 1000;
/** A code is replaced this long before its end, so that none expires under the scanner. */
const RENEW_BEFORE_SECONDS = 15;

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    /** @type {import("../../api/types").FamilyMember[]} */
    family: [],
    residentId: "",
    renewsIn: 0,
    renewing: false,
  },

  expiresAt: 0,
  ticking: 0,
  /** @type {ReturnType<typeof createBrightScreen> | undefined} */
  screen: undefined,

  onLoad() {
    this.screen = createBrightScreen();
    this.loadFamily();
  },

  onShow() {
    look.apply(this);
    this.screen?.begin();
    this.renew();
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
    this.screen?.end();
  },

  async loadFamily() {
    try {
      this.setData({ family: (await listFamily()).items });
    } catch {
      this.setData({ family: [] });
    }
  },

  async renew() {
    if (this.data.renewing) return;
    this.setData({ renewing: true });
    const { residentId } = this.data;
    try {
      const code = await getPersonalCode(residentId || undefined);
      if (residentId !== this.data.residentId) return;
      this.expiresAt = Date.parse(code.expires_at);
      this.setData({ loading: false, error: "", renewsIn: this.renewsIn() });
      await drawQr(this, "#qr", code.code);
    } catch (error) {
      // The old code stays as long as it is good.
      if (serverTime.now() >= this.expiresAt) this.setData({ loading: false, error: sentenceOf(error) });
    } finally {
      this.setData({ renewing: false });
    }
  },

  renewsIn() {
    const left = Math.floor((this.expiresAt - serverTime.now()) / SECOND_MS);
    return Math.max(0, left - RENEW_BEFORE_SECONDS);
  },

  tick() {
    if (!this.expiresAt || this.data.error) return;
    const renewsIn = this.renewsIn();
    this.setData({ renewsIn });
    if (renewsIn === 0) this.renew();
  },

  onRetry() {
    this.setData({ loading: true, error: "" });
    this.renew();
  },

  /** @param {WechatMiniprogram.CustomEvent<{value: string}>} event */
  onWho({ detail }) {
    this.expiresAt = 0;
    this.setData({ residentId: detail.value, loading: true, error: "", renewing: false });
    this.renew();
  },
});
