// @ts-check
// An icon in the colour and size of the text around it. The words beside it carry the meaning, so
// screen readers pass it over.
Component({
  properties: {
    /** One of the class names in app-icon.wxss, such as "pin" or "face-5". */
    name: { type: String, value: "" },
  },
});
