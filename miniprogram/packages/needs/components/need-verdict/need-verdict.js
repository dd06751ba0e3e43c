// @ts-check
// 「解决了吗？」 of one voice, mine or a family member's: three answers and a line of words; and, where
// it isn't solved, the next round. One tap answers; what is typed is kept until it is sent.

const { draftOf } = require("../../../../utils/draft");
const outbox = require("../../../../utils/outbox");
const { NO_REFUSAL, mend, refuse } = require("../../../../utils/refusal");
const { judgeNeed, reopenNeed } = require("../../api/needs");
const { VERDICTS } = require("../../utils/need-words");

/** @typedef {import("../../utils/need-words").Verdict | ""} Said */

Component({
  properties: {
    need: { type: Object, value: { id: "", title: "" } },
    /** As `own_voices` of a need has it. */
    voice: { type: Object, value: /** @type {{resident_id: string, verdict: Said | null, reason: string | null}} */ ({}) },
    /** Whom it was asked for; empty for oneself. */
    who: { type: String, value: "" },
  },

  data: {
    verdicts: VERDICTS,
    verdict: /** @type {Said} */ (""),
    words: "",
    /** Whether there are words that have not been handed in. */
    unsent: false,
    /** Whether something waits for the network. */
    saved: false,
    busy: false,
    refusal: NO_REFUSAL,
  },

  observers: {
    voice() {
      const begun = this.draft().get();
      const waiting = this.waiting();
      // What waits for the network is what was said last.
      const said = waiting || this.data.voice;
      this.setData({
        saved: !!waiting || outbox.holds(`/needs/${this.data.need.id}/reopen`),
        verdict: said.verdict || "",
        words: begun ? begun.words : said.reason || "",
        unsent: !!begun,
      });
    },
  },

  methods: {
    /** @returns {ReturnType<typeof draftOf<{words: string}>>} */
    draft() {
      return draftOf(`verdict:${this.data.need.id}:${this.data.voice.resident_id}`);
    },

    /** The answer that waits for the network. @returns {{verdict: Said, reason?: string} | undefined} */
    waiting() {
      const { need, voice } = this.data;
      const bodies = outbox.unanswered("need").filter(({ path }) => path === `/needs/${need.id}/verdict`)
        .map(({ body }) => /** @type {{verdict: Said, reason?: string, resident_id: string}} */ (body));
      return bodies.reverse().find((body) => body.resident_id === voice.resident_id);
    },

    /** @param {WechatMiniprogram.TouchEvent} event */
    onVerdict(event) {
      return this.judge(event.currentTarget.dataset.key);
    },

    /** @param {WechatMiniprogram.TextareaInput} event */
    onWords({ detail }) {
      this.setData({ words: detail.value, unsent: true });
      mend(this, "reason");
      this.draft().keep({ words: detail.value });
    },

    onSend() {
      return this.judge(this.data.verdict);
    },

    /** @param {Said} verdict */
    async judge(verdict) {
      if (!verdict) return;
      const { need, voice, words } = this.data;
      const reason = words.trim();
      await this.doing(async () => {
        this.setData({ verdict });
        return judgeNeed(need, { verdict, resident_id: voice.resident_id, ...(reason && { reason }) });
      });
    },

    async onAgain() {
      const { need, words, unsent } = this.data;
      await this.doing(() => reopenNeed(need, unsent && words.trim() ? { reason: words.trim() } : {}));
    },

    /** @param {() => Promise<{sent: boolean}>} act */
    async doing(act) {
      if (this.data.busy) return;
      this.setData({ busy: true, refusal: NO_REFUSAL });
      try {
        const { sent } = await act();
        this.draft().forget();
        this.setData({ saved: !sent, unsent: false });
        /** @event change */
        if (sent) this.triggerEvent("change");
      } catch (error) {
        refuse(this, error);
      } finally {
        this.setData({ busy: false });
      }
    },
  },
});
