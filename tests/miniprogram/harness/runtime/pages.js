// @ts-check
// One open page: its component, its place in the browser, its life.
import { definition } from "./definition.js";
import { element } from "./dom.js";
import { backend } from "./engine.js";
import { loadUnit, pageProperties, space } from "./loader.js";
import { recordError } from "./record.js";
import { screen } from "./screen.js";

const REACH_BOTTOM_DISTANCE = 50;

export class OpenPage {
  /**
   * @param {string} path
   * @param {Record<string, string>} query
   */
  constructor(path, query) {
    this.path = path;
    this.query = query;
    this.channel = eventChannel();
    this.ready = false;
    this.atBottom = false;
    loadUnit(path);
    /** Its window settings; setNavigationBarTitle and the like change them. */
    this.window = { ...definition.app.window, ...definition.units[path].config };
    this.node = element("div", "harness-page", screen.pages);
    this.node.dataset.page = path;
    this.node.tabIndex = 0;
    /** Where its <root-portal>s are put: above the page, beside it. */
    this.portal = element("div", "harness-portal", screen.pages);
    this.portal.dataset.page = path;
    /** @type {any} */ (this.node).portal = this.portal;
    this.root = backend.createRoot("wx-page", space, `/${path}`);
    this.caller = /** @type {any} */ (this.root.get());
    Object.assign(this.caller, {
      route: path,
      __route__: path,
      options: query,
      getOpenerEventChannel: () => this.channel,
    });
    // A page made by Component() gets its query as properties too.
    for (const name of pageProperties.get(path) ?? []) if (name in query) this.caller.setData({ [name]: query[name] });
    this.root.attach(/** @type {any} */ (this.node), /** @type {any} */ (element("span", "", this.node)));
    this.node.addEventListener("scroll", () => this.scrolled());
    this.call("onLoad", query);
  }

  /**
   * Call a method of the page, if it has it; what it throws, or rejects with, is an error.
   * @param {string} method
   * @param {any[]} given
   */
  call(method, ...given) {
    const where = `${this.path} ${method}`;
    try {
      const result = this.caller[method]?.(...given);
      result?.catch?.((/** @type {unknown} */ error) => recordError(where, error));
      return result;
    } catch (error) {
      recordError(where, error);
      return undefined;
    }
  }

  show() {
    this.node.hidden = this.portal.hidden = false;
    document.documentElement.style.fontSize = this.node.dataset.rootFontSize ?? "";
    this.root.getComponent().triggerPageLifetime("show", []);
    this.call("onShow");
    if (this.ready) return;
    this.ready = true;
    requestAnimationFrame(() => this.call("onReady"));
  }

  hide() {
    this.node.hidden = this.portal.hidden = true;
    this.root.getComponent().triggerPageLifetime("hide", []);
    this.call("onHide");
  }

  unload() {
    this.call("onUnload");
    // An answer that comes after this changes nothing, and is no error in WeChat either.
    this.caller.setData = (/** @type {object} */ _data, /** @type {() => void} */ done) => done?.call(this.caller);
    this.root.release();
    this.node.remove();
    this.portal.remove();
  }

  scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.node;
    this.call("onPageScroll", { scrollTop });
    const near = scrollTop + clientHeight >= scrollHeight - (this.window.onReachBottomDistance ?? REACH_BOTTOM_DISTANCE);
    if (near && !this.atBottom) this.call("onReachBottom");
    this.atBottom = near;
  }
}

/** How a page and the one that opened it talk. */
function eventChannel() {
  /** @type {Map<string, ((...given: any[]) => void)[]>} */
  const listeners = new Map();
  const on = (/** @type {string} */ name, /** @type {(...given: any[]) => void} */ listener) => {
    listeners.set(name, [...(listeners.get(name) ?? []), listener]);
  };
  return {
    on,
    once(/** @type {string} */ name, /** @type {(...given: any[]) => void} */ listener) {
      const once = (/** @type {any[]} */ ...given) => {
        this.off(name, once);
        listener(...given);
      };
      on(name, once);
    },
    off(/** @type {string} */ name, /** @type {(...given: any[]) => void} */ listener) {
      listeners.set(name, (listeners.get(name) ?? []).filter((one) => listener && one !== listener));
    },
    emit(/** @type {string} */ name, /** @type {any[]} */ ...given) {
      for (const listener of listeners.get(name) ?? []) listener(...given);
    },
  };
}
