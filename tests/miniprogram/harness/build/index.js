// @ts-check
// Compiles a mini-program into a folder that a browser can open.
import fs from "node:fs";
import path from "node:path";
import { checkTemplates } from "./checks.js";
import { readMembers } from "./members.js";
import { writeOutput } from "./output.js";
import { Problems } from "./problems.js";
import { readProject } from "./project.js";
import { bundleScripts } from "./scripts.js";
import { scopeOf, StyleCompiler } from "./styles.js";
import { compileTemplates } from "./templates.js";

/** @typedef {{ pages: number, components: number }} Summary */

/**
 * @param {{ source: string, out?: string }} options folders; without `out` everything is checked
 *   and nothing written
 * @returns {Promise<Summary>}
 * @throws {import("./problems.js").BuildError} naming file and line of everything that is wrong
 */
export async function build({ source, out }) {
  const problems = new Problems();
  const root = path.resolve(source);
  if (!fs.existsSync(path.join(root, "app.json"))) problems.add(source, 0, "no app.json here");
  problems.throwIfAny();
  const project = readProject(root, problems);
  const templates = compileTemplates(project, problems);
  const styles = compileStyles(project, problems);
  const scripts = await bundleScripts(project, problems);
  problems.throwIfAny();
  const members = readMembers(scripts.code, project, problems);
  checkTemplates(project, templates, members, problems);
  problems.throwIfAny();
  if (out) await writeOutput(path.resolve(out), project, templates, styles, scripts);
  return { pages: project.pages.length, components: project.units.size - project.pages.length };
}

/**
 * @typedef {object} Styles
 * @property {string} app
 * @property {Record<string, string>} pages
 * @property {Record<string, import("./styles.js").Style>} components
 */

/**
 * @param {import("./project.js").Project} project
 * @param {Problems} problems
 * @returns {Styles}
 */
function compileStyles(project, problems) {
  const compiler = new StyleCompiler(project.root, problems);
  /** @type {Styles} */
  const styles = { app: compiler.app(), pages: {}, components: {} };
  for (const unit of project.units.values()) {
    if (unit.isPage) styles.pages[unit.path] = compiler.page(unit.path);
    else styles.components[unit.path] = compiler.component(unit.path, scopeOf(unit.path));
  }
  return styles;
}
