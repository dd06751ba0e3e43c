// @ts-check
// The picture of what is passed on: title, day and place, drawn on this phone. It is a fixed one
// where nothing can be drawn, in an old WeChat.

/** @typedef {{title: string, when: string, place: string}} Words what stands in it */
/** @typedef {WechatMiniprogram.CanvasRenderingContext.CanvasRenderingContext2D} Pen */

const FIXED = "/images/share.png";

/** WeChat shows 5:4. In pixels, as all that follows. */
const WIDTH = 500;
const HEIGHT = 400;
const EDGE = 32;
const HEAD = 84;
/** As in styles/tokens.wxss. */
const COLOURS = { ground: "#f7f4f0", primary: "#c7362e", white: "#ffffff", ink: "#1f2328", text: "#4b5563" };
/** How each text is written, and on which line it begins. */
const STYLES = {
  head: { font: "bold 32px sans-serif", colour: COLOURS.white, top: 54, step: 0, lines: 1 },
  title: { font: "bold 42px sans-serif", colour: COLOURS.ink, top: 146, step: 56, lines: 3 },
  when: { font: "bold 30px sans-serif", colour: COLOURS.primary, top: 322, step: 0, lines: 1 },
  place: { font: "30px sans-serif", colour: COLOURS.text, top: 368, step: 0, lines: 1 },
};
/** Marks at which no line begins. */
const NEVER_FIRST = "，。、：；！？）」』";

/** Drawn already, by its words. @type {Map<string, Promise<string>>} */
const drawn = new Map();

/**
 * The picture's file. Whoever passes something on does not wait: it is drawn when its page shows it.
 * @param {Words} words
 * @returns {Promise<string>} never rejects
 */
function pictureOf(words) {
  const key = JSON.stringify(words);
  const picture = drawn.get(key) || draw(words).catch(() => FIXED);
  drawn.set(key, picture);
  return picture;
}

/** @param {Words} words */
async function draw({ title, when, place }) {
  const canvas = wx.createOffscreenCanvas({ type: "2d", width: WIDTH, height: HEIGHT });
  /** @type {Pen} */
  const pen = canvas.getContext("2d");
  fill(pen, COLOURS.ground, HEIGHT);
  fill(pen, COLOURS.primary, HEAD);
  write(pen, "吾社集 · 社区公益集市", STYLES.head);
  write(pen, title, STYLES.title);
  write(pen, when, STYLES.when);
  write(pen, place, STYLES.place);
  const { tempFilePath } = await wx.canvasToTempFilePath({ canvas });
  return tempFilePath;
}

/**
 * @param {Pen} pen
 * @param {string} colour
 * @param {number} height from the top
 */
function fill(pen, colour, height) {
  pen.fillStyle = colour;
  pen.fillRect(0, 0, WIDTH, height);
}

/**
 * @param {Pen} pen
 * @param {string} text
 * @param {(typeof STYLES)["title"]} style
 */
function write(pen, text, { font, colour, top, step, lines }) {
  pen.font = font;
  pen.fillStyle = colour;
  wrapped(pen, text, lines).forEach((line, n) => pen.fillText(line, EDGE, top + n * step));
}

/**
 * In lines that fit, the last one cut where there is more.
 * @param {Pen} pen
 * @param {string} text
 * @param {number} most lines
 */
function wrapped(pen, text, most) {
  const lines = [""];
  for (const letter of text) {
    const line = lines[lines.length - 1] + letter;
    if (fits(pen, line) || NEVER_FIRST.includes(letter)) lines[lines.length - 1] = line;
    else lines.push(letter.trim());
  }
  return lines.length > most ? [...lines.slice(0, most - 1), cut(pen, lines.slice(most - 1).join(""))] : lines;
}

/**
 * @param {Pen} pen
 * @param {string} text that does not fit
 */
function cut(pen, text) {
  const letters = [...text];
  while (!fits(pen, `${letters.join("")}…`)) letters.pop();
  return `${letters.join("")}…`;
}

/**
 * @param {Pen} pen
 * @param {string} line
 */
function fits(pen, line) {
  return pen.measureText(line).width <= WIDTH - 2 * EDGE;
}

module.exports = { FIXED, pictureOf };
