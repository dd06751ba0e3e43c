// @ts-check
// WXSS to CSS: imports put in place, rpx and vh in units of the phone's screen, built-in tags by
// their names in the browser, and classes of components made their own, as WeChat does.
import fs from "node:fs";
import path from "node:path";
import postcss from "postcss";
import selectorParser from "postcss-selector-parser";
import { TAGS } from "../builtins/tags.js";
import { toScreenUnits } from "../runtime/units.js";

/**
 * @typedef {object} Style
 * @property {string} own with classes prefixed by the component's scope
 * @property {string} shared with classes as written, for components that share the page's styles
 */

export class StyleCompiler {
  /**
   * @param {string} root
   * @param {import("./problems.js").Problems} problems
   */
  constructor(root, problems) {
    this.root = root;
    this.problems = problems;
  }

  /** @returns {string} app.wxss, for all pages */
  app() {
    return this.compile("app.wxss", identity);
  }

  /**
   * A page's style reaches only that page, with the weight its selectors had.
   * @param {string} page
   */
  page(page) {
    return this.compile(`${page}.wxss`, (selector) => `:where([data-page="${page}"]) ${selector}`);
  }

  /**
   * @param {string} component
   * @param {string} scope
   * @returns {Style}
   */
  component(component, scope) {
    const file = `${component}.wxss`;
    return {
      own: this.compile(file, identity, (root) => this.scopeClasses(root, scope, file)),
      shared: this.compile(file, identity),
    };
  }

  /**
   * @param {string} file
   * @param {(selector: string) => string} wrap
   * @param {(root: selectorParser.Root) => void} [scopeSelectors]
   */
  compile(file, wrap, scopeSelectors = () => {}) {
    const sheet = this.read(file, [file]);
    const selectors = selectorParser((root) => {
      root.walkIds((id) => this.problems.add(file, 0, `selector "${id}": the harness has no ids, use a class`));
      scopeSelectors(root);
      renameTags(root);
    });
    sheet.walkDecls((declaration) => {
      this.checkUrl(declaration, file);
      declaration.value = toScreenUnits(declaration.value);
    });
    sheet.walkRules((rule) => {
      const parent = rule.parent;
      if (parent?.type === "atrule" && /keyframes$/.test(/** @type {postcss.AtRule} */ (parent).name)) return;
      rule.selectors = rule.selectors.map((selector) => wrap(selectors.processSync(selector).trim()));
    });
    return sheet.toString();
  }

  /**
   * @param {string} file
   * @param {string[]} trail files that are being read, against circles
   * @returns {postcss.Root}
   */
  read(file, trail) {
    const absolute = path.join(this.root, file);
    if (!fs.existsSync(absolute)) return postcss.root();
    let sheet;
    try {
      sheet = postcss.parse(fs.readFileSync(absolute, "utf8"), { from: file });
    } catch (error) {
      const { line, reason } = /** @type {postcss.CssSyntaxError} */ (error);
      this.problems.add(file, line ?? 0, reason);
      return postcss.root();
    }
    sheet.walkAtRules("import", (rule) => {
      const reference = rule.params.replace(/^url\(|\)$/g, "").replace(/['"]/g, "").trim();
      const target = reference.startsWith("/") ? reference.slice(1) : path.posix.join(path.posix.dirname(file), reference);
      if (!fs.existsSync(path.join(this.root, target))) {
        this.problems.add(file, rule.source?.start?.line ?? 0, `no such file: ${target}`);
      }
      rule.replaceWith(trail.includes(target) ? [] : this.read(target, [...trail, target]).nodes);
    });
    return sheet;
  }

  /**
   * @param {postcss.Declaration} declaration
   * @param {string} file
   */
  checkUrl(declaration, file) {
    for (const [, url] of declaration.value.matchAll(/url\(\s*['"]?([^'")]+)/g)) {
      if (!url.startsWith("data:")) {
        this.problems.add(declaration.source?.input.from ?? file, declaration.source?.start?.line ?? 0,
          `url(${url}): WXSS can only use data: addresses; use <image> for files`);
      }
    }
  }

  /**
   * @param {selectorParser.Root} root
   * @param {string} scope
   * @param {string} file
   */
  scopeClasses(root, scope, file) {
    root.walk((node) => {
      if (node.type === "class") {
        node.value = `${scope}--${node.value}`;
      } else if (node.type === "pseudo" && node.value === ":host") {
        node.replaceWith(selectorParser.attribute({ attribute: "wx-host", operator: "=", value: scope, quoteMark: '"', raws: {} }));
      } else if (!isAllowedInComponent(node)) {
        this.problems.add(file, 0, `selector "${String(node).trim()}": a component's WXSS may only use classes and :host`);
      }
    });
  }
}

/**
 * WeChat ignores tags and attributes in a component's styles.
 * @param {selectorParser.Node} node
 */
function isAllowedInComponent(node) {
  if (node.type === "attribute") return node.attribute === "wx-host";
  // The 2 of :nth-child(2) counts as a tag.
  return node.type !== "tag" || /^[\d+n-]|^(odd|even)$/.test(node.value);
}

/** @param {selectorParser.Root} root */
function renameTags(root) {
  root.walkTags((tag) => {
    if (tag.value === "page" || tag.value in TAGS) tag.value = `wx-${tag.value}`;
  });
}

/** @param {string} selector */
function identity(selector) {
  return selector;
}

/**
 * @param {string} component
 * @returns {string} the prefix of its classes in the browser
 */
export function scopeOf(component) {
  return component.replace(/[^\w]/g, "-");
}
