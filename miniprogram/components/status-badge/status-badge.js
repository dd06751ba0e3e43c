// @ts-check
// A state as an icon and a word on a tint; the colour only repeats what they say.

const ICONS = { good: "check", warn: "clock", bad: "cross", accent: "bell", plain: "info" };

Component({
  properties: {
    text: { type: String, value: "" },
    /** "good", "warn", "bad", "accent" or "plain". */
    tone: { type: String, value: "plain" },
    /** Another app-icon than the tone's own. */
    icon: { type: String, value: "" },
  },

  data: { shownIcon: "info" },

  observers: {
    "tone, icon": function (/** @type {keyof typeof ICONS} */ tone, /** @type {string} */ icon) {
      this.setData({ shownIcon: icon || ICONS[tone] || ICONS.plain });
    },
  },
});
