// @ts-check
// Shown while a page reads what it needs.
Component({
  properties: {
    /** What is being done. */
    text: { type: String, value: "正在加载,请稍候" },
  },
});
