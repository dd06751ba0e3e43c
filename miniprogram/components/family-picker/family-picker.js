// @ts-check
// For whom: oneself or a family member. Shows itself only where there is family to choose from.
Component({
  properties: {
    /** The question. */
    label: { type: String, value: "为谁" },
    /** Members as GET /me/family gives them. */
    members: { type: Array, value: [] },
    /** The chosen member's id; "" for oneself. */
    value: { type: String, value: "" },
  },

  methods: {
    /** @param {WechatMiniprogram.TouchEvent} event */
    onChoose(event) {
      /** @event change {value: string} */
      this.triggerEvent("change", { value: event.currentTarget.dataset.id });
    },
  },
});
