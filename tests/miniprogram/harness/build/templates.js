// @ts-check
// WXML and WXS through WeChat's own compiler. Its warnings (a bad end tag is only one) are errors.
import fs from "node:fs";
import path from "node:path";
import { TmplGroup } from "glass-easel-template-compiler";

/**
 * @typedef {object} Templates
 * @property {string} code a JavaScript expression: all templates, by path
 * @property {Map<string, string[]>} files template → the templates it imports or includes, by path
 */

/**
 * @param {import("./project.js").Project} project
 * @param {import("./problems.js").Problems} problems
 * @returns {Templates}
 */
export function compileTemplates(project, problems) {
  const group = new TmplGroup();
  const compiler = new TemplateCompiler(project.root, group, problems);
  for (const unit of project.units.keys()) compiler.addTemplate(unit, `${unit}.wxml`);
  const code = group.getTmplGenObjectGroups();
  group.free();
  return { code, files: compiler.files };
}

class TemplateCompiler {
  /**
   * @param {string} root
   * @param {TmplGroup} group
   * @param {import("./problems.js").Problems} problems
   */
  constructor(root, group, problems) {
    this.root = root;
    this.group = group;
    this.problems = problems;
    /** @type {Map<string, string[]>} */
    this.files = new Map();
    /** @type {Set<string>} */
    this.scripts = new Set();
  }

  /**
   * @param {string} name without .wxml
   * @param {string} from who names it
   */
  addTemplate(name, from) {
    if (this.files.has(name)) return;
    const source = this.read(`${name}.wxml`, from);
    if (source === undefined) return;
    const inline = source.replace(/<wxs\b[^>]*>[\s\S]*?<\/wxs>/g, asWxs);
    for (const warning of this.group.addTmpl(name, inline)) {
      this.problems.add(`${name}.wxml`, warning.startLine + 1, warning.message);
    }
    const imported = this.group.getDirectDependencies(name).map((/** @type {string} */ file) => withoutEnding(file));
    this.files.set(name, imported);
    for (const file of imported) this.addTemplate(file, `${name}.wxml`);
    for (const file of this.group.getScriptDependencies(name)) this.addScript(withoutEnding(file), `${name}.wxml`);
  }

  /**
   * @param {string} name without .wxs
   * @param {string} from who names it
   */
  addScript(name, from) {
    if (this.scripts.has(name)) return;
    this.scripts.add(name);
    const source = this.read(`${name}.wxs`, from);
    if (source === undefined) return;
    // A require() between WXS files keeps its suffix, so a script goes by both names.
    this.group.addScript(name, asWxs(source));
    this.group.addScript(`${name}.wxs`, asWxs(source));
    for (const match of source.matchAll(/require\(\s*['"]([^'"]+)['"]\s*\)/g)) {
      this.addScript(withoutEnding(path.posix.join(path.posix.dirname(name), match[1])), `${name}.wxs`);
    }
  }

  /**
   * @param {string} file
   * @param {string} from
   */
  read(file, from) {
    const absolute = path.join(this.root, file);
    if (fs.existsSync(absolute)) return fs.readFileSync(absolute, "utf8");
    this.problems.add(from, 0, `no such file: ${file}`);
    return undefined;
  }
}

/**
 * In WXS `x.constructor` is a word ("Array"), not a function; the runtime defines `wxsConstructor`.
 * @param {string} source
 */
function asWxs(source) {
  return source.replace(/\.constructor\b/g, ".wxsConstructor");
}

/** @param {string} file */
function withoutEnding(file) {
  return file.replace(/^\//, "").replace(/\.(wxml|wxs)$/, "");
}
