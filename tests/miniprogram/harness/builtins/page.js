// @ts-check
// page-meta and root-portal: tags that reach beyond their place in the page.
import { options } from "../runtime/options.js";

const NORMAL_FONT_SIZE = 16;

/**
 * @param {string} size a length, or "system" for what is set in WeChat
 */
function fontSize(size) {
  return size === "system" ? `${NORMAL_FONT_SIZE * options.fontScale}px` : size;
}

/**
 * @param {any} component
 * @param {HTMLElement} host
 */
function applyMeta(component, host) {
  const page = /** @type {HTMLElement | null} */ (host.closest(".harness-page"));
  const root = /** @type {HTMLElement | null} */ (host.closest("wx-page"));
  if (!page || !root) return;
  const { pageStyle, pageFontSize, rootFontSize, backgroundColor, rootBackgroundColor } = component.data;
  root.setAttribute("style", pageStyle);
  if (pageFontSize) root.style.fontSize = fontSize(pageFontSize);
  if (rootBackgroundColor || backgroundColor) page.style.backgroundColor = rootBackgroundColor || backgroundColor;
  page.dataset.rootFontSize = fontSize(rootFontSize);
  if (!page.hidden) document.documentElement.style.fontSize = page.dataset.rootFontSize;
}

/** @type {import("./define.js").Behaviour} */
export const pageMeta = {
  attached: applyMeta,
  observers: { "pageStyle,pageFontSize,rootFontSize,backgroundColor,rootBackgroundColor": applyMeta },
};

/** Its children are shown above the page, but stay part of it. @type {import("./define.js").Behaviour} */
export const rootPortal = {
  attached(component, host) {
    if (!component.data.enable) return;
    const page = /** @type {any} */ (host.closest(".harness-page"));
    component.harnessPlace = document.createComment("root-portal");
    host.replaceWith(component.harnessPlace);
    page.portal.append(host);
  },
  detached(component, host) {
    component.harnessPlace?.replaceWith(host);
  },
};
