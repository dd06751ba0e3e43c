// @ts-check
// Which stall I sit at: an activity of today, then the stalls that have a line.

const { getActivity } = require("../../../../api/activities");
const { sentenceOf } = require("../../../../api/errors");

/** @typedef {import("../../../../api/types").Activity} Activity */
/** @typedef {ReturnType<typeof import("../../../../utils/activity-words").activityWords>} ActivityWords */

Component({
  data: {
    loading: false,
    error: "",
    /** @type {ActivityWords | null} */
    chosen: null,
    /** Whether there is no other activity to choose. */
    only: false,
    /** @type {ReturnType<typeof stallWords>[]} */
    stalls: [],
  },

  methods: {
    /** @param {WechatMiniprogram.CustomEvent<{activity: ActivityWords, only: boolean}>} event */
    onActivity({ detail }) {
      this.setData({ chosen: detail.activity, only: detail.only, stalls: [] });
      this.load();
    },

    async load() {
      if (!this.data.chosen) return;
      this.setData({ loading: true, error: "" });
      try {
        const activity = await getActivity(this.data.chosen.id);
        this.setData({ stalls: stallsWithLine(activity).map(stallWords), loading: false });
      } catch (error) {
        this.setData({ loading: false, error: sentenceOf(error) });
      }
    },

    onOtherActivity() {
      this.setData({ chosen: null, stalls: [], error: "" });
    },

    /** @param {WechatMiniprogram.TouchEvent} event */
    onStall(event) {
      /** @event choose {stallId: string} */
      this.triggerEvent("choose", { stallId: event.currentTarget.dataset.id });
    },
  },
});

/**
 * Stalls that serve a line: one of their own, or together with another stall.
 * @param {Activity} activity
 */
function stallsWithLine({ stalls }) {
  const lines = stalls
    .flatMap(({ offerings }) => offerings)
    .filter(({ mode }) => mode !== "open");
  return stalls.filter(({ id }) =>
    lines.some(({ stall_id: own, also_at_stall_ids: also }) => own === id || also.includes(id)),
  );
}

/** @param {import("../../../../api/types").Stall} stall */
function stallWords({ id, number, name, place, offerings }) {
  const services = offerings.filter(({ mode }) => mode !== "open").map(({ title }) => title);
  return { id, name: `${number} 号摊位 ${name}`, about: [services.join("、"), place].filter(Boolean).join(" · ") };
}
