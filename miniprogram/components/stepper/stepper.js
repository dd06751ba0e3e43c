// @ts-check
// A number with two large buttons.
Component({
  properties: {
    /** What is counted, for screen readers. */
    label: { type: String, value: "" },
    value: { type: Number, value: 0 },
    min: { type: Number, value: 0 },
    max: { type: Number, value: 99 },
    step: { type: Number, value: 1 },
  },

  methods: {
    onLess() {
      this.moveTo(this.data.value - this.data.step);
    },

    onMore() {
      this.moveTo(this.data.value + this.data.step);
    },

    /** @param {number} wanted */
    moveTo(wanted) {
      const value = Math.max(this.data.min, Math.min(this.data.max, wanted));
      /** @event change {value: number} */
      if (value !== this.data.value) this.triggerEvent("change", { value });
    },
  },
});
