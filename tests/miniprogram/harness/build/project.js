// @ts-check
// app.json and what hangs on it: pages, subpackages, tab bar, and the components in use.
import fs from "node:fs";
import path from "node:path";

/**
 * @typedef {object} Unit a page or a component
 * @property {string} path without extension, relative to the mini-program
 * @property {boolean} isPage
 * @property {any} config its JSON file
 * @property {Record<string, string>} using tag → path of the component, without leading slash
 */

/**
 * @typedef {object} Project
 * @property {string} root folder of the mini-program, absolute
 * @property {any} app app.json
 * @property {string[]} pages the main package's and all subpackages', in order
 * @property {{ root: string, pages: string[] }[]} subpackages
 * @property {Map<string, Unit>} units all pages and components that are reachable
 */

/**
 * @param {string} root
 * @param {import("./problems.js").Problems} problems
 * @returns {Project}
 */
export function readProject(root, problems) {
  const app = readJson(root, "app.json", problems);
  problems.throwIfAny();
  const subpackages = (app.subPackages || app.subpackages || []).map((/** @type {any} */ part) => ({
    root: part.root.replace(/^\/|\/$/g, ""),
    pages: part.pages,
  }));
  const pages = [...app.pages];
  for (const part of subpackages) {
    pages.push(...part.pages.map((/** @type {string} */ page) => `${part.root}/${page}`));
  }
  const project = { root, app, pages, subpackages, units: new Map() };
  checkTabBar(project, problems);
  for (const page of pages) addUnit(project, page, true, "app.json", problems);
  return project;
}

/**
 * @param {Project} project
 * @param {import("./problems.js").Problems} problems
 */
function checkTabBar(project, problems) {
  const { root, app } = project;
  for (const tab of app.tabBar?.list ?? []) {
    if (!app.pages.includes(tab.pagePath)) {
      problems.add("app.json", 0, `tabBar: "${tab.pagePath}" is no page of the main package`);
    }
    for (const icon of [tab.iconPath, tab.selectedIconPath]) {
      if (icon && !fs.existsSync(path.join(root, icon))) problems.add("app.json", 0, `tabBar: no such icon "${icon}"`);
    }
  }
}

/**
 * @param {Project} project
 * @param {string} unitPath
 * @param {boolean} isPage
 * @param {string} from the file that names it
 * @param {import("./problems.js").Problems} problems
 */
function addUnit(project, unitPath, isPage, from, problems) {
  if (project.units.has(unitPath)) return;
  for (const ending of [".js", ".wxml"]) {
    if (!fs.existsSync(path.join(project.root, unitPath + ending))) {
      problems.add(from, 0, `${isPage ? "page" : "component"} "${unitPath}" has no ${ending} file`);
      return;
    }
  }
  const configFile = `${unitPath}.json`;
  const config = fs.existsSync(path.join(project.root, configFile)) ? readJson(project.root, configFile, problems) : {};
  const unit = { path: unitPath, isPage, config, using: /** @type {Record<string, string>} */ ({}) };
  project.units.set(unitPath, unit);
  if (!isPage && config.component !== true) problems.add(configFile, 0, 'a component needs "component": true');
  for (const [owner, using] of /** @type {[string, any][]} */ ([
    ["app.json", project.app.usingComponents ?? {}],
    [configFile, config.usingComponents ?? {}],
  ])) {
    for (const [tag, reference] of Object.entries(using)) {
      const found = resolveComponent(project.root, owner, String(reference));
      if (!found) {
        problems.add(owner, 0, `usingComponents: no component at "${reference}" (<${tag}>)`);
      } else if (found !== unitPath || owner === configFile) {
        unit.using[tag] = found;
        addUnit(project, found, false, owner, problems);
      }
    }
  }
}

/**
 * @param {string} root
 * @param {string} from the JSON file that names the component
 * @param {string} reference absolute within the mini-program, or relative to `from`
 * @returns {string | undefined}
 */
function resolveComponent(root, from, reference) {
  const base = reference.startsWith("/") ? reference.slice(1) : path.posix.join(path.posix.dirname(from), reference);
  return [base, `${base}/index`].find((candidate) => fs.existsSync(path.join(root, `${candidate}.json`)));
}

/**
 * @param {string} root
 * @param {string} file
 * @param {import("./problems.js").Problems} problems
 * @returns {any}
 */
function readJson(root, file, problems) {
  try {
    return JSON.parse(fs.readFileSync(path.join(root, file), "utf8"));
  } catch (error) {
    problems.add(file, 0, /** @type {Error} */ (error).message);
    return {};
  }
}
