// @ts-check
// Check in with the market's code: scanned here, or this page was opened by the printed one, or by a
// service that asks for it (?activity=&service=&resident=), to which it leads back.

const { getCodeTarget } = require("../../api/activities");
const { checkIn } = require("../../api/checkin");
const { ApiError, sentenceOf } = require("../../api/errors");
const { listFamily } = require("../../api/me");
const session = require("../../api/session");
const { earlyWords } = require("../../utils/booking-words");
const look = require("../../utils/look");
const { codeInQuery, codeInScan } = require("../../utils/market-code");
const myNumbers = require("../../utils/my-numbers");
const { whoWords } = require("../../utils/family-names");
const outbox = require("../../utils/outbox");
const { NO_REFUSAL, comeBack, mend, refuse } = require("../../utils/refusal");
const { clock } = require("../../utils/time");
const { MYSELF, NOBODY } = require("../../utils/whom");

/** @typedef {import("../../api/types").ScanAnswer} ScanAnswer */
/** @typedef {{tone: "good" | "warn" | "bad", icon: string, title: string, text: string, next: "market" | "scan" | "home"}} Result */

/** @type {Record<string, {title: string, text: string, next: Result["next"]}>} */
const REFUSALS = {
  invalid: { title: "没有认出这个码", text: "请扫集市入口处的签到码。", next: "scan" },
  wrong_market: { title: "这是另一场集市的码", text: "请扫您所在集市入口处的签到码。", next: "scan" },
  not_yet: { title: "还没到签到时间", text: "请等集市开始前后再来签到。", next: "market" },
  expired: { title: "这个码已经过期", text: "请扫入口屏幕上正在显示的签到码，或请志愿者帮忙。", next: "scan" },
  revoked: { title: "这个码已经停用", text: "请扫入口处新的签到码，或请志愿者帮忙。", next: "scan" },
  cancelled: { title: "这场集市取消了", text: "看看附近的其他集市吧。", next: "home" },
  blocked: { title: "暂时不能签到", text: "请到服务台，工作人员会帮您登记。", next: "home" },
};

Page({
  data: {
    look: look.current(),
    loading: false,
    error: "",
    code: "",
    /** @type {import("../../api/types").CodeTarget | null} */
    market: null,
    /** @type {import("../../api/types").FamilyMember[]} */
    family: [],
    residentId: MYSELF,
    /** The service that waits for this check-in; empty for none. */
    service: "",
    busy: false,
    refusal: NO_REFUSAL,
    /** @type {Result | null} */
    result: null,
  },

  /** Where that service is. */
  activityId: "",
  /** Key of a check-in that waits for the network. */
  waiting: "",
  /** @type {(() => void) | undefined} */
  unfollow: undefined,

  /** @param {Record<string, string | undefined>} query */
  onLoad(query) {
    this.unfollow = outbox.followDelivered((late) => {
      if (late && late.key === this.waiting) this.show(lateResultOf(late.data));
    });
    const { activity = "", service = "", resident = MYSELF } = query;
    this.activityId = activity;
    this.setData({ service: decodeURIComponent(service), residentId: resident });
    const code = codeInQuery(query);
    if (code) this.take(code);
  },

  onShow() {
    look.apply(this);
    comeBack(this);
  },

  onUnload() {
    this.unfollow?.();
  },

  onScan() {
    wx.scanCode({
      scanType: ["qrCode", "wxCode"],
      success: (scanned) => {
        // This mini-program's own round codes are told by their path, which the typings lack.
        const code = codeInScan(/** @type {{result: string, path?: string}} */ (scanned));
        if (code) this.take(code);
      },
      fail: () => undefined,
    });
  },

  /** @param {string} code */
  take(code) {
    this.setData({ code, result: null, market: null });
    this.load();
  },

  async load() {
    this.setData({ loading: true, error: "" });
    try {
      const [market, family] = await Promise.all([getCodeTarget(this.data.code), myFamily()]);
      const elsewhere = this.activityId !== "" && market.activity_id !== this.activityId;
      this.setData({ market, family, loading: false, ...(elsewhere && { service: "" }) });
    } catch (error) {
      const unknown = error instanceof ApiError && error.status === 404;
      this.setData({
        loading: false,
        error: unknown ? "" : sentenceOf(error),
        result: unknown ? refusal("invalid") : null,
      });
    }
  },

  /** @param {WechatMiniprogram.CustomEvent<{value: string}>} event */
  onWho({ detail }) {
    this.setData({ residentId: detail.value });
    mend(this, "who");
  },

  async onCheckIn() {
    const { market, code, residentId, busy } = this.data;
    if (!market || busy) return;
    if (residentId === NOBODY) {
      refuse(this, { who: "请先选给哪位签到" });
      return;
    }
    this.setData({ busy: true, refusal: NO_REFUSAL });
    try {
      const outcome = await checkIn(market, code, residentId || undefined);
      this.waiting = outcome.sent ? "" : outcome.key;
      this.show(outcome.sent ? resultOf(outcome.data) : savedResult());
      this.findFamily();
      if (outcome.sent) this.tellAppointment(outcome.data);
    } catch (error) {
      refuse(this, error);
    } finally {
      this.setData({ busy: false });
    }
  },

  /** @param {Result} result */
  show(result) {
    this.setData({ result });
    if (result.tone === "good") wx.vibrateShort({ type: "medium" });
  },

  /**
   * Who has come long before their time would wonder what to do until then.
   * @param {ScanAnswer} answer
   */
  async tellAppointment({ verdict, resident }) {
    const { market, residentId, result } = this.data;
    const early = earlyWords(await myNumbers.refresh(), market?.activity_id || "", residentId);
    if (verdict === "refused" || !early || this.data.result !== result) return;
    const who = resident ? whoWords(resident) : "您";
    this.setData({ "result.text": `${residentId ? who : "您"}${early}。` });
  },

  /** Known only now where this check-in was the first thing to log in. */
  async findFamily() {
    if (!this.data.family.length) this.setData({ family: await myFamily() });
  },

  onAnother() {
    this.setData({ result: null, residentId: NOBODY });
  },

  onService() {
    wx.navigateBack();
  },

  onMarket() {
    const { market } = this.data;
    if (market) wx.redirectTo({ url: `/pages/market/market?id=${market.activity_id}` });
  },

  onNumber() {
    wx.switchTab({ url: "/pages/number/number" });
  },

  onHome() {
    wx.switchTab({ url: "/pages/home/home" });
  },

  onMyCode() {
    wx.navigateTo({ url: "/pages/my-code/my-code" });
  },
});

/** Mine, where somebody is logged in; checking in works without them. */
async function myFamily() {
  if (!session.isLoggedIn()) return [];
  return listFamily().then(({ items }) => items).catch(() => []);
}

/**
 * @param {ScanAnswer} answer
 * @returns {Result}
 */
function resultOf({ verdict, reason, resident, attendance, returned }) {
  const name = resident ? whoWords(resident) : "您";
  if (verdict === "refused") return refusal(reason || "invalid");
  if (returned) {
    return {
      tone: "good", icon: "check", title: "欢迎回来", text: `${name}又算在场了，有号的接着排队。`, next: "market",
    };
  }
  if (verdict === "already_checked_in") {
    const at = attendance ? ` ${clock(attendance.attended_at)}` : "";
    return {
      tone: "warn", icon: "clock", title: "已经签过到了", text: `${name}${at} 已签到，不用再签。`, next: "market",
    };
  }
  return {
    tone: "good", icon: "check", title: "签到成功", text: `${name === "您" ? "" : `${name}，`}欢迎您！如果您报过名，号已经开始排队。`, next: "market",
  };
}

/**
 * What has waited for the network may have waited too long: the server's sentence says so.
 * @param {ScanAnswer} answer
 * @returns {Result}
 */
function lateResultOf(answer) {
  const result = resultOf(answer);
  if (answer.reason !== "expired") return result;
  return { ...result, title: "这次签到没有通过", text: answer.message };
}

/** @returns {Result} */
function savedResult() {
  return {
    tone: "warn",
    icon: "upload",
    title: "已为您保存",
    text: "网络不太好，联网后会自动提交，按现在的时间签到。请尽快联网；着急的话，请志愿者帮您登记。",
    next: "market",
  };
}

/**
 * @param {string} reason
 * @returns {Result}
 */
function refusal(reason) {
  return { tone: "bad", icon: "alert", ...(REFUSALS[reason] || REFUSALS.invalid) };
}
