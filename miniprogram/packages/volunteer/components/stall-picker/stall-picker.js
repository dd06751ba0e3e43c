// @ts-check
// Which stall I sit at: today's activities where I work, then the stalls that have a line.

const { getActivity } = require("../../../../api/activities");
const { sentenceOf } = require("../../../../api/errors");
const { dayKey } = require("../../../../utils/time");
const { activityWords } = require("../../../../utils/activity-words");
const { listMyWork } = require("../../../../utils/work");

/** @typedef {import("../../../../api/types").Activity} Activity */

Component({
  data: {
    loading: true,
    error: "",
    /** @type {ReturnType<typeof activityWords>[]} */
    activities: [],
    /** @type {ReturnType<typeof activityWords> | null} */
    chosen: null,
    /** @type {ReturnType<typeof stallWords>[]} */
    stalls: [],
  },

  lifetimes: {
    attached() {
      this.load();
    },
  },

  methods: {
    async load() {
      this.setData({ loading: true, error: "" });
      try {
        if (!this.data.chosen) await this.loadActivities();
        if (this.data.chosen) await this.loadStalls(this.data.chosen.id);
        this.setData({ loading: false });
      } catch (error) {
        this.setData({ loading: false, error: sentenceOf(error) });
      }
    },

    /** The only one is chosen at once. */
    async loadActivities() {
      const today = dayKey(Date.now());
      const all = await listMyWork({ from: today, to: today }, "volunteer", "organiser", "admin");
      const activities = all
        .filter(({ state }) => state === "live" || state === "published")
        .map((activity) => activityWords(activity));
      this.setData({ activities, chosen: activities.length === 1 ? activities[0] : null });
    },

    /** @param {string} activityId */
    async loadStalls(activityId) {
      const activity = await getActivity(activityId);
      this.setData({ stalls: stallsWithLine(activity).map(stallWords) });
    },

    /** @param {WechatMiniprogram.TouchEvent} event */
    onActivity(event) {
      const { id } = event.currentTarget.dataset;
      this.setData({ chosen: this.data.activities.find((one) => one.id === id) || null, stalls: [] });
      this.load();
    },

    onOtherActivity() {
      this.setData({ chosen: null, stalls: [] });
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
