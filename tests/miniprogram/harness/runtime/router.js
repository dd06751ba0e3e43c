// @ts-check
// The stack of pages, by WeChat's rules.
import { definition, isTab } from "./definition.js";
import { loadApp, app } from "./loader.js";
import { options } from "./options.js";
import { confirm } from "./overlays.js";
import { OpenPage } from "./pages.js";
import { harness, plain, recordError } from "./record.js";
import { initScreen, showAround } from "./screen.js";

const MAX_DEPTH = 10;
const SCENE_PLAIN = 1001;
const SCENE_CODE = 1047;

/** @type {OpenPage[]} */
const stack = [];
/** @type {Map<string, OpenPage>} pages of the tab bar stay alive */
const tabs = new Map();

/** What onLaunch, onShow and getLaunchOptionsSync get. */
export const launch = { path: "", query: /** @type {Record<string, string>} */ ({}), scene: SCENE_PLAIN, referrerInfo: {}, shareTicket: "" };

/** @returns {OpenPage} the page on top */
export function topPage() {
  return stack[stack.length - 1];
}

/** @param {{ url: string, events?: Record<string, (...given: any[]) => void> }} target */
export function navigateTo({ url, events = {} }) {
  const { path, query } = parse(url);
  if (isTab(path)) throw new Error("can not navigateTo a tabbar page");
  if (stack.length >= MAX_DEPTH) throw new Error(`webview count limit exceed: ${MAX_DEPTH} pages are open`);
  topPage().hide();
  const page = new OpenPage(path, query);
  for (const [name, listener] of Object.entries(events)) page.channel.on(name, listener);
  push(page);
  return { eventChannel: page.channel };
}

/** @param {{ url: string }} target */
export function redirectTo({ url }) {
  const { path, query } = parse(url);
  if (isTab(path)) throw new Error("can not redirectTo a tabbar page");
  leave(/** @type {OpenPage} */ (stack.pop()));
  push(new OpenPage(path, query));
}

/** @param {{ delta?: number }} [target] */
export function navigateBack({ delta = 1 } = {}) {
  const count = Math.min(delta, stack.length - 1);
  if (count < 1) return;
  for (const page of stack.splice(-count).reverse()) leave(page);
  show(topPage());
}

/** @param {{ url: string }} target */
export function switchTab({ url }) {
  if (url.includes("?")) throw new Error("switchTab: a tab page takes no query");
  const { path } = parse(url);
  if (!isTab(path)) throw new Error("can not switch to no-tabBar page");
  const before = topPage();
  if (before?.path === path) return;
  for (const page of stack.splice(0).reverse()) {
    if (!isTab(page.path)) leave(page);
    else if (page === before) page.hide();
  }
  push(openTab(path, {}));
}

/** @param {{ url: string }} target */
export function reLaunch({ url }) {
  const { path, query } = parse(url);
  for (const page of new Set([...stack.splice(0).reverse(), ...tabs.values()])) leave(page);
  push(isTab(path) ? openTab(path, query) : new OpenPage(path, query));
}

/** The page on top has changed, or its title or colours. */
export function refreshScreen() {
  const { path } = topPage();
  const isHome = isTab(path) || path === definition.pages[0];
  showAround(topPage(), stack.length > 1 ? "back" : isHome ? "none" : "home");
}

/** What is asked before a page is left by the button in the navigation bar. @type {WeakMap<OpenPage, string>} */
const askedBefore = new WeakMap();

/** @param {string} message empty: nothing is asked any more */
export function askBeforeLeaving(message) {
  const page = topPage();
  if (message) askedBefore.set(page, message);
  else askedBefore.delete(page);
}

/** The button in the navigation bar. */
async function leaveTop() {
  const content = askedBefore.get(topPage());
  if (content && !(await confirm({ content })).confirm) return;
  if (stack.length > 1) navigateBack();
  else reLaunch({ url: `/${definition.pages[0]}` });
}

/**
 * @param {string} path
 * @param {Record<string, string>} query
 */
function openTab(path, query) {
  const open = tabs.get(path) ?? new OpenPage(path, query);
  tabs.set(path, open);
  return open;
}

/** @param {OpenPage} page */
function push(page) {
  stack.push(page);
  show(page);
}

/** @param {OpenPage} page */
function show(page) {
  refreshScreen();
  page.show();
}

/** @param {OpenPage} page */
function leave(page) {
  page.unload();
  if (tabs.get(page.path) === page) tabs.delete(page.path);
}

/**
 * @param {string} url absolute, or relative to the page on top
 * @returns {{ path: string, query: Record<string, string> }}
 */
export function parse(url) {
  const [place, search = ""] = url.split("?");
  const path = new URL(place, `https://pages/${topPage()?.path ?? ""}`).pathname.slice(1);
  if (!definition.pages.includes(path)) throw new Error(`page "${path}" is not found`);
  /** @type {Record<string, string>} */
  const query = {};
  // WeChat hands on the values as they were written, so that pages decode them.
  for (const pair of search.split("&").filter(Boolean)) {
    const at = pair.indexOf("=");
    query[at < 0 ? pair : pair.slice(0, at)] = at < 0 ? "" : pair.slice(at + 1);
  }
  return { path, query };
}

/** Open the mini-program as the address asks. */
export function start() {
  initScreen({ leave: leaveTop, goTo: (path) => switchTab({ url: `/${path}` }) });
  const { path, query } = parse(`/${(options.path || definition.pages[0]).replace(/^\//, "")}`);
  if (options.scene) {
    query.scene = encodeURIComponent(options.scene);
    launch.scene = SCENE_CODE;
  }
  Object.assign(launch, { path, query });
  loadApp();
  callApp("onLaunch", launch);
  callApp("onShow", launch);
  const search = Object.entries(query).map(([name, value]) => `${name}=${value}`);
  reLaunch({ url: `/${path}${search.length ? `?${search.join("&")}` : ""}` });
}

/**
 * @param {string} method
 * @param {any[]} given
 */
function callApp(method, ...given) {
  try {
    app[method]?.(...given);
  } catch (error) {
    recordError(`app ${method}`, error);
  }
}

Object.assign(globalThis, { getCurrentPages: () => stack.map((page) => page.caller) });

Object.assign(harness, {
  path: () => topPage().path,
  stack: () => stack.map((page) => page.path),
  data: () => plain(topPage().caller.data),
  pullDown: () => topPage().call("onPullDownRefresh"),
  hide() {
    topPage().call("onHide");
    callApp("onHide");
  },
  show() {
    callApp("onShow", launch);
    topPage().call("onShow");
  },
});
