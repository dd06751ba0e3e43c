// @ts-check
// What I have agreed to, one by one; each can be given and withdrawn.

const { getCatalogue } = require("../../api/activities");
const { sentenceOf } = require("../../api/errors");
const { getMe, giveConsent, logOut, withdrawConsent } = require("../../api/me");
const look = require("../../utils/look");
const privacy = require("../../utils/privacy");
const { NO_REFUSAL, comeBack, refuse } = require("../../utils/refusal");
const { momentWords } = require("../../utils/time");

const PRIVACY = "privacy";

Page({
  data: {
    look: look.current(),
    loading: true,
    error: "",
    /**
     * current: whether what holds today was agreed to, and no older text.
     * @type {{purpose: string, title: string, version: string, given: boolean, current: boolean, words: string}[]}
     */
    consents: [],
    busy: "",
    refusal: NO_REFUSAL,
  },

  onLoad() {
    this.load();
  },

  onShow() {
    look.apply(this);
    comeBack(this);
  },

  async load() {
    try {
      const [me, catalogue] = await Promise.all([getMe(), getCatalogue()]);
      const consents = catalogue.consents.map(({ purpose, title, version }) => {
        const given = me.consents.find((consent) => consent.purpose === purpose);
        const current = given?.version === version;
        return {
          purpose, title, version, current, given: given !== undefined,
          words: given ? givenWords(given, current) : `还没有同意 · ${version} 版`,
        };
      });
      this.setData({ consents, loading: false, error: "" });
    } catch (error) {
      this.setData({ loading: false, error: sentenceOf(error) });
    }
  },

  onRetry() {
    this.setData({ loading: true, error: "" });
    this.load();
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  onGive(event) {
    const { purpose, version } = event.currentTarget.dataset;
    this.act(purpose, () => giveConsent(purpose, version));
  },

  /** @param {WechatMiniprogram.TouchEvent} event */
  async onWithdraw(event) {
    const { purpose } = event.currentTarget.dataset;
    const all = purpose === PRIVACY;
    const { confirm } = await wx.showModal({
      title: "撤回同意？",
      content: all
        ? "撤回后会退出登录，仍可浏览集市；再次报名、签到时会重新征求您的同意。"
        : "撤回后我们不再这样使用您的信息，以后可以重新同意。",
      confirmText: "撤回",
      cancelText: "不撤回",
    });
    if (!confirm) return;
    await this.act(purpose, () => withdrawConsent(purpose));
    if (all && !this.data.consents.some((consent) => consent.purpose === PRIVACY && consent.given)) {
      privacy.withdraw();
      await logOut();
      wx.switchTab({ url: "/pages/mine/mine" });
    }
  },

  /**
   * @param {string} purpose
   * @param {() => Promise<unknown>} send
   */
  async act(purpose, send) {
    if (this.data.busy) return;
    this.setData({ busy: purpose, refusal: NO_REFUSAL });
    try {
      await send();
      await this.load();
    } catch (error) {
      refuse(this, error, purpose);
    } finally {
      this.setData({ busy: "" });
    }
  },
});

/**
 * @param {import("../../api/types").Me["consents"][number]} given
 * @param {boolean} current
 */
function givenWords({ given_at: at, version }, current) {
  const words = `${momentWords(at)} 同意 · ${version} 版`;
  return current ? words : `${words}。说明改了，请重新同意`;
}
