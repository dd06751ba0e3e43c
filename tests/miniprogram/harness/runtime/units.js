// @ts-check
// Lengths of WXSS in the browser; also used by the build.

const RPX_PER_VW = 7.5;

/**
 * rpx are fractions of the screen's width; vh are of the page's own area, which leaves out the
 * navigation bar and the tab bar (a CSS container in the browser).
 * @param {string} value
 */
export function toScreenUnits(value) {
  return value
    .replace(/(-?[\d.]+)rpx\b/g, (_, number) => `${Number((number / RPX_PER_VW).toFixed(5))}vw`)
    .replace(/(-?[\d.]+)vh\b/g, "$1cqh");
}
