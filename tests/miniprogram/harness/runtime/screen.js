// @ts-check
// The phone around a page: navigation bar, WeChat's capsule, tab bar.
import { definition } from "./definition.js";
import { element, fileAddress } from "./dom.js";

export const STATUS_BAR_HEIGHT = 20;
export const CAPSULE = { width: 87, height: 32, top: 26, marginRight: 7 };

const tabBar = definition.app.tabBar;
const root = element("div", "harness-screen", document.body);
const bar = element("header", "harness-nav", root);
const back = element("button", "harness-back", bar);
const title = element("h1", "harness-title", bar);
const capsule = element("div", "harness-capsule", root, "•••  ◉");
const body = element("main", "harness-body", root);
const tabs = element("nav", "harness-tabs", root);

back.type = "button";
capsule.setAttribute("aria-hidden", "true");
tabs.setAttribute("aria-label", "主导航");

export const screen = {
  /** Where pages are put. */
  pages: body,
  /** WeChat's own windows. */
  layer: element("div", "harness-layer", document.body),
};

/**
 * @param {{ leave: () => void, goTo: (path: string) => void }} navigation what the button in the
 *   navigation bar does, and those of the tab bar
 */
export function initScreen({ leave, goTo }) {
  back.onclick = leave;
  for (const tab of tabBar?.list ?? []) {
    const button = element("button", "harness-tab", tabs);
    button.type = "button";
    button.dataset.path = tab.pagePath;
    if (tab.iconPath) element("img", "", button).alt = "";
    element("span", "", button, tab.text);
    button.onclick = () => goTo(tab.pagePath);
  }
}

/**
 * @param {import("./pages.js").OpenPage} page the one on top
 * @param {"back" | "home" | "none"} button back to the page below, or to the first page when a
 *   code or a message has opened this one
 */
export function showAround(page, button) {
  const { window: look } = page;
  title.textContent = look.navigationBarTitleText ?? "";
  document.title = title.textContent || page.path;
  bar.style.background = look.navigationBarBackgroundColor ?? "#000000";
  bar.style.color = look.navigationBarTextStyle === "black" ? "#000000" : "#ffffff";
  root.classList.toggle("custom-navigation", look.navigationStyle === "custom");
  back.hidden = button === "none";
  back.textContent = button === "home" ? "⌂" : "‹";
  back.setAttribute("aria-label", button === "home" ? "返回首页" : "返回");
  page.node.style.backgroundColor = look.backgroundColorContent ?? "";
  showTabs(page.path);
}

/** @param {string} path */
function showTabs(path) {
  const shown = tabBar?.list.find((/** @type {any} */ tab) => tab.pagePath === path);
  tabs.hidden = !shown;
  if (!shown) return;
  tabs.style.background = tabBar.backgroundColor ?? "#ffffff";
  for (const button of /** @type {HTMLElement[]} */ ([...tabs.children])) {
    const tab = tabBar.list.find((/** @type {any} */ one) => one.pagePath === button.dataset.path);
    const on = tab === shown;
    if (on) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
    button.style.color = (on ? tabBar.selectedColor : tabBar.color) ?? "";
    const icon = button.querySelector("img");
    if (icon) icon.src = fileAddress((on && tab.selectedIconPath) || tab.iconPath, "app");
  }
}

/**
 * @param {number} index
 * @param {string} badge empty: none; a space: only a dot
 */
export function setTabBadge(index, badge) {
  const button = /** @type {HTMLElement} */ (tabs.children[index]);
  if (badge) button.dataset.badge = badge;
  else delete button.dataset.badge;
}

/** @param {boolean} shown */
export function setTabBarShown(shown) {
  tabs.classList.toggle("hidden-by-page", !shown);
}

/** @returns {{ width: number, height: number, top: number }} the area of a page */
export function pageArea() {
  const { width, height, top } = body.getBoundingClientRect();
  return { width, height, top };
}
