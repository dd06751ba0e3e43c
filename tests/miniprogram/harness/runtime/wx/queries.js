// @ts-check
// Looking at nodes: selector queries (with canvas nodes, which the engine's own lack) and observers.
import * as adapter from "glass-easel-miniprogram-adapter";
import { topPage } from "../router.js";
import { pageArea } from "../screen.js";

/** @typedef {Record<string, any>} Fields */
/** @typedef {(result: any) => void} Callback */

const RECT = { id: true, dataset: true, rect: true, size: true };
const SCROLL = { id: true, dataset: true, scrollOffset: true };

class SelectorQuery {
  /** @param {any} component */
  constructor(component) {
    this.component = component;
    /** @type {{ find: () => any, callback?: Callback }[]} */
    this.queue = [];
  }

  /** @param {any} component */
  in(component) {
    this.component = component;
    return this;
  }

  /** @param {string} selector */
  select(selector) {
    return new NodesReference(this, this.component, selector, false);
  }

  /** @param {string} selector */
  selectAll(selector) {
    return new NodesReference(this, this.component, selector, true);
  }

  selectViewport() {
    return new NodesReference(this, this.component, null, false);
  }

  /** @param {Callback} [callback] */
  exec(callback) {
    setTimeout(() => {
      const results = this.queue.map(({ find, callback: each }) => {
        const result = find();
        each?.(result);
        return result;
      });
      callback?.(results);
    });
    return this;
  }
}

class NodesReference {
  /**
   * @param {SelectorQuery} query
   * @param {any} component
   * @param {string | null} selector null: the page's area
   * @param {boolean} all
   */
  constructor(query, component, selector, all) {
    this.query = query;
    this.component = component;
    this.selector = selector;
    this.all = all;
  }

  /**
   * @param {Fields} fields
   * @param {Callback} [callback]
   */
  fields(fields, callback) {
    this.query.queue.push({ find: () => this.find(fields), callback });
    return this.query;
  }

  /** @param {Callback} [callback] */
  boundingClientRect(callback) {
    return this.fields(RECT, callback);
  }

  /** @param {Callback} [callback] */
  scrollOffset(callback) {
    return this.fields(SCROLL, callback);
  }

  /** @param {Callback} [callback] */
  node(callback) {
    return this.fields({ node: true }, callback);
  }

  /** @param {Fields} fields */
  find(fields) {
    if (this.selector === null) return viewportFields(fields);
    const nodes = this.component._$.getShadowRoot()?.querySelectorAll(this.selector) ?? [];
    const results = nodes.map((/** @type {any} */ node) => nodeFields(node, fields));
    return this.all ? results : results[0] ?? null;
  }
}

/** @param {Fields} fields */
function viewportFields(fields) {
  const { width, height } = pageArea();
  const { scrollTop, scrollLeft } = topPage().node;
  return {
    ...(fields.id && { id: "" }),
    ...(fields.dataset && { dataset: {} }),
    ...(fields.rect && { left: 0, top: 0, right: width, bottom: height }),
    ...(fields.size && { width, height }),
    ...(fields.scrollOffset && { scrollTop, scrollLeft }),
  };
}

/**
 * @param {any} node an element of the engine
 * @param {Fields} fields
 */
function nodeFields(node, fields) {
  const host = /** @type {HTMLElement} */ (node.$$);
  const { left, right, top, bottom, width, height } = host.getBoundingClientRect();
  const offset = pageArea().top;
  /** @type {Fields} */
  const result = {};
  if (fields.id) result.id = node.id;
  if (fields.dataset) result.dataset = node.dataset;
  if (fields.rect) Object.assign(result, { left, right, top: top - offset, bottom: bottom - offset });
  if (fields.size) Object.assign(result, { width, height });
  if (fields.scrollOffset) Object.assign(result, { scrollTop: host.scrollTop, scrollLeft: host.scrollLeft });
  if (fields.node) result.node = /** @type {any} */ (host).harnessNode ?? null;
  for (const name of fields.properties ?? []) result[name] = node.data?.[name];
  for (const name of fields.computedStyle ?? []) result[name] = /** @type {any} */ (getComputedStyle(host))[name];
  return result;
}

const caller = /** @type {any} */ (adapter.component.ComponentCaller.prototype);
caller.createSelectorQuery = function () {
  return new SelectorQuery(this);
};

export const queries = {
  createSelectorQuery: () => new SelectorQuery(topPage().caller),
  createIntersectionObserver: (/** @type {any} */ component, /** @type {any} */ options) =>
    component.createIntersectionObserver(options),
};
