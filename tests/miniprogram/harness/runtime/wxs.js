// @ts-check
// What WXS has and JavaScript has not. Without these a page renders wrongly and says nothing.

Object.defineProperties(globalThis, {
  getRegExp: { value: (/** @type {string} */ pattern, /** @type {string} */ flags) => new RegExp(pattern, flags) },
  getDate: { value: (/** @type {any[]} */ ...parts) => new Date(.../** @type {[]} */ (parts)) },
});

// The build writes x.wxsConstructor for x.constructor, which in WXS is a word: "Array", "String" …
Object.defineProperty(Object.prototype, "wxsConstructor", {
  get() {
    return Object.prototype.toString.call(this).slice(8, -1);
  },
});
