// @ts-check
// Where I am logged in, on phones and at desks; what is not mine is ended.

const { sentenceOf } = require("../../api/errors");
const { endSession, listSessions } = require("../../api/me");
const look = require("../../utils/look");
const { NO_REFUSAL, comeBack, refuse } = require("../../utils/refusal");
const { dayKey, dayWords, momentWords } = require("../../utils/time");

/** @typedef {import("../../api/types").LoginSession} LoginSession */

const PHONE = "phone";
/** @type {Record<string, string>} */
const WAYS = {
  [PHONE]: "手机小程序",
  scan: "电脑工作台，扫码登录",
  password: "电脑工作台，密码登录",
  demo: "电脑工作台，演示登录",
};

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    /** @type {ReturnType<typeof deviceWords>[]} */
    devices: [],
    busyId: "",
    refusal: NO_REFUSAL,
  },

  onShow() {
    look.apply(this);
    comeBack(this);
    this.load();
  },

  async load() {
    try {
      const { items } = await listSessions();
      this.setData({ devices: items.map(deviceWords), loading: false, error: "" });
    } catch (error) {
      if (!this.data.devices.length) this.setData({ loading: false, error: sentenceOf(error) });
    }
  },

  onRetry() {
    this.setData({ loading: true, error: "" });
    this.load();
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  async onEnd(event) {
    const device = this.data.devices.find(({ id }) => id === event.currentTarget.dataset.id);
    if (!device || this.data.busyId) return;
    const { confirm } = await wx.showModal({
      title: "让它退出登录？",
      content: `${device.name}，${device.way}。没有上传或没有保存的内容会丢失。${device.again}`,
      confirmText: "退出",
      cancelText: "先不退",
      confirmColor: "#B42318",
    });
    if (!confirm || this.data.busyId) return;
    this.setData({ busyId: device.id, refusal: NO_REFUSAL });
    try {
      await endSession(device.id);
      wx.showToast({ title: "已经退出登录", icon: "none" });
      await this.load();
    } catch (error) {
      refuse(this, error, device.id);
    } finally {
      this.setData({ busyId: "" });
    }
  },
});

// A phone logs in by its WeChat, unasked: ending the login keeps out only who has another account.
const AGAIN_BY_WECHAT = "那部手机的微信还是您的账号时，再打开会自动登录；手机丢了，请先在微信里让它下线。";

/** @param {LoginSession} session */
function deviceWords({ id, how, device, address, created_at: since, last_used_at: used, current }) {
  const onPhone = how === PHONE;
  return {
    id,
    current,
    icon: onPhone ? "mobile" : "computer",
    name: device || (onPhone ? "手机（型号不知道）" : "电脑（型号不知道）"),
    way: (how && WAYS[how]) || "电脑工作台",
    again: onPhone ? AGAIN_BY_WECHAT : "再用时要重新登录。",
    address: address || "不知道",
    since: momentWords(since),
    // A phone's last use is noted once a day.
    used: onPhone ? dayWords(dayKey(used)) : momentWords(used),
  };
}
