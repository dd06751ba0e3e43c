// @ts-check
// For whom: oneself or a family member. Shows itself only where there is family to choose from.

const { familyWords } = require("../../utils/name-words");

Component({
  properties: {
    /** The question. */
    label: { type: String, value: "为谁" },
    /** Members as GET /me/family gives them. */
    members: { type: Array, value: [] },
    /** The chosen member's id; "" for oneself, `NOBODY` of utils/whom.js for nobody yet. */
    value: { type: String, value: "" },
    /** Whether only the family is to choose from. */
    withoutMe: { type: Boolean, value: false },
    /** Why the choice has to be made; empty for nothing to say. */
    fault: { type: String, value: "" },
  },

  data: { choices: /** @type {ReturnType<typeof familyWords>} */ ([]) },

  observers: {
    /** @param {Parameters<typeof familyWords>[0]} members */
    members(members) {
      this.setData({ choices: familyWords(members) });
    },
  },

  methods: {
    /** @param {WechatMiniprogram.TouchEvent} event */
    onChoose(event) {
      /** @event change {value: string} */
      this.triggerEvent("change", { value: event.currentTarget.dataset.id });
    },
  },
});
