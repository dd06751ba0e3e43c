// @ts-check
// Which of today's activities I work at; the only one is chosen at once.

const { sentenceOf } = require("../../../../api/errors");
const { dayKey } = require("../../../../utils/time");
const { activityWords } = require("../../../../utils/activity-words");
const { listMyWork } = require("../../../../utils/work");

Component({
  properties: {
    /** Shows the list even where there is only one: the person wants to choose again. */
    again: { type: Boolean, value: false },
  },

  data: {
    loading: true,
    error: "",
    /** @type {ReturnType<typeof activityWords>[]} */
    activities: [],
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
        const activities = await todaysActivities();
        this.setData({ activities, loading: false });
        if (activities.length === 1 && !this.properties.again) this.choose(activities[0]);
      } catch (error) {
        this.setData({ loading: false, error: sentenceOf(error) });
      }
    },

    /** @param {WechatMiniprogram.TouchEvent} event */
    onActivity(event) {
      const { id } = event.currentTarget.dataset;
      const chosen = this.data.activities.find((one) => one.id === id);
      if (chosen) this.choose(chosen);
    },

    /** @param {ReturnType<typeof activityWords>} activity */
    choose(activity) {
      /** @event choose {activity: object, only: boolean} in words; whether there is no other */
      this.triggerEvent("choose", { activity, only: this.data.activities.length === 1 });
    },
  },
});

async function todaysActivities() {
  const today = dayKey(Date.now());
  const all = await listMyWork({ from: today, to: today }, "volunteer", "organiser", "admin");
  return all
    .filter(({ state }) => state === "live" || state === "published")
    .map((activity) => activityWords(activity));
}
