// @ts-check
// Nothing here yet: what is missing, and what to do. A button may be put into the slot.
Component({
  properties: {
    /** An app-icon. */
    icon: { type: String, value: "inbox" },
    title: { type: String, value: "" },
    text: { type: String, value: "" },
  },
});
