// @ts-check
// Five levels of satisfaction as faces with their words.
/** @typedef {{score: number, title: string}} Level */

const ONE_LINE = 3;

Component({
  properties: {
    /** What is rated, for screen readers. */
    label: { type: String, value: "" },
    /** {score, title}[], best first, as the rating form gives them. */
    levels: { type: Array, value: [] },
    /** The chosen score; 0 for none. */
    value: { type: Number, value: 0 },
    /** Smaller, with its label and the chosen word above: for the items below the main question. */
    compact: { type: Boolean, value: false },
  },

  data: {
    /** @type {{score: number, title: string, lines: string[]}[]} */
    faces: [],
    chosen: "",
  },

  observers: {
    "levels, value": function (/** @type {Level[]} */ levels, /** @type {number} */ value) {
      const chosen = levels.find(({ score }) => score === value);
      this.setData({
        faces: levels.map((level) => ({ ...level, lines: inLines(level.title) })),
        chosen: chosen ? chosen.title : "未评",
      });
    },
  },

  methods: {
    /** @param {WechatMiniprogram.TouchEvent} event */
    onChoose(event) {
      /** @event change {value: number} */
      this.triggerEvent("change", { value: Number(event.currentTarget.dataset.score) });
    },
  },
});

/**
 * Long words break where they are said, so that large letters fit: 非常 / 不满意.
 * @param {string} title
 */
function inLines(title) {
  return title.length > ONE_LINE ? [title.slice(0, 2), title.slice(2)] : [title];
}
