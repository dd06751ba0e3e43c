// @ts-check
// What the compiler accepts and WeChat ignores in silence: unknown tags, attributes and events,
// handlers that nobody has written, model bindings to nothing.
import fs from "node:fs";
import path from "node:path";
import { camelCase, COMMON_EVENTS, COMMON_PROPERTIES, TAGS, TEMPLATE_TAGS } from "../builtins/tags.js";
import { readTags } from "./wxml.js";

const BINDING = /^(?:capture-)?(?:mut-)?(?:bind|catch):?([\w-]+)$/;
const LANGUAGE = /^(wx:|data-|mark:|generic:|change:|model:|slot:|let:|worklet:)/;
const PLAIN = new Set(["id", "class", "style", "slot"]);

/**
 * @param {import("./project.js").Project} project
 * @param {import("./templates.js").Templates} templates
 * @param {Map<string, import("./members.js").Members>} members
 * @param {import("./problems.js").Problems} problems
 */
export function checkTemplates(project, templates, members, problems) {
  for (const unit of project.units.values()) {
    const own = members.get(unit.path);
    if (!own) continue;
    for (const name of withImports(unit.path, templates.files)) {
      const file = `${name}.wxml`;
      const elements = readTags(fs.readFileSync(path.join(project.root, file), "utf8"));
      const check = new TemplateCheck(file, unit, own, members, problems);
      elements.forEach((element, index) => check.element(element, index));
    }
  }
}

/**
 * @param {string} name
 * @param {Map<string, string[]>} files
 * @returns {Set<string>} the template and all it imports, directly or not
 */
function withImports(name, files) {
  const all = new Set([name]);
  for (const file of all) for (const imported of files.get(file) ?? []) all.add(imported);
  return all;
}

class TemplateCheck {
  /**
   * @param {string} file
   * @param {import("./project.js").Unit} unit
   * @param {import("./members.js").Members} own
   * @param {Map<string, import("./members.js").Members>} members
   * @param {import("./problems.js").Problems} problems
   */
  constructor(file, unit, own, members, problems) {
    this.file = file;
    this.unit = unit;
    this.own = own;
    this.members = members;
    this.problems = problems;
  }

  /**
   * @param {import("./wxml.js").Element} element
   * @param {number} index its place in the file
   */
  element(element, index) {
    const { name, line, attributes } = element;
    const component = this.unit.using[name];
    if (!component && !(name in TAGS) && !TEMPLATE_TAGS.includes(name)) {
      this.problems.add(this.file, line, `<${name}> is neither built in nor in usingComponents of ${this.unit.path}.json`);
      return;
    }
    if (name === "page-meta" && index !== 0) this.problems.add(this.file, line, "<page-meta> must be the first tag of a page");
    for (const attribute of attributes) this.attribute(name, component, attribute);
  }

  /**
   * @param {string} tag
   * @param {string | undefined} component
   * @param {import("./wxml.js").Attribute} attribute
   */
  attribute(tag, component, attribute) {
    const { name, value, line } = attribute;
    const binding = LANGUAGE.test(name) ? null : BINDING.exec(name);
    if (binding) {
      this.handler(value, line);
      if (!component) this.event(tag, binding[1], line);
    } else if (name.startsWith("model:")) {
      this.model(value, line);
    } else if (!LANGUAGE.test(name) && !PLAIN.has(name) && !TEMPLATE_TAGS.includes(tag)) {
      this.property(tag, component, name, line);
    }
  }

  /**
   * @param {string | null} value
   * @param {number} line
   */
  handler(value, line) {
    if (value === null || value === "" || value.includes("{{")) return;
    if (!this.own.methods.has(value)) {
      this.problems.add(this.file, line, `${this.unit.path}.js has no method "${value}"`);
    }
  }

  /**
   * @param {string} tag
   * @param {string} event
   * @param {number} line
   */
  event(tag, event, line) {
    if (!COMMON_EVENTS.includes(event) && !TAGS[tag]?.events?.includes(event)) {
      this.problems.add(this.file, line, `<${tag}> has no event "${event}"`);
    }
  }

  /**
   * @param {string | null} value
   * @param {number} line
   */
  model(value, line) {
    const variable = /^\{\{\s*([\w$]+)\s*\}\}$/.exec(value ?? "")?.[1];
    if (!variable || !this.own.data.has(variable)) {
      this.problems.add(this.file, line, `model binding to "${value}": ${this.unit.path}.js has no such data`);
    }
  }

  /**
   * @param {string} tag
   * @param {string | undefined} component
   * @param {string} name
   * @param {number} line
   */
  property(tag, component, name, line) {
    const property = camelCase(name);
    const known = component
      ? this.members.get(component)?.data.has(property) !== false
      : property in COMMON_PROPERTIES || property in (TAGS[tag].properties ?? {});
    // An external class of a component may have any name; WeChat's own end in "class".
    if (!known && !(component && /class$/i.test(name))) {
      this.problems.add(this.file, line, `<${tag}> has no attribute "${name}"`);
    }
  }
}
