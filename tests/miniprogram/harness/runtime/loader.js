// @ts-check
// App(), Page(), Component(), Behavior() and getApp(): WeChat's globals, for the scripts of the
// mini-program, and the loading of a page's components before the page itself.
import { defineBuiltins } from "../builtins/index.js";
import { definition } from "./definition.js";
import { environment } from "./engine.js";
import { recordError } from "./record.js";

const builtins = defineBuiltins(environment.getGlobalCodeSpace().getComponentSpace());
export const space = environment.createCodeSpace("", true);
for (const [tag, component] of Object.entries(builtins)) space.getComponentSpace().setGlobalUsingComponent(tag, component);

/** @type {any} the mini-program's App() */
export let app = null;

/** @type {Map<string, string[]>} the properties of pages that are made by Component() */
export const pageProperties = new Map();

/** @type {Set<string>} */
const loaded = new Set();
/** @type {{ path: string, environment: any }[]} whose script is running */
const running = [];
/** @type {Map<string, any>} WeChat's own behaviors; their fields are enough */
const builtinBehaviors = new Map();

addStyle("app", definition.styles.app);

/** Run app.js. */
export function loadApp() {
  try {
    definition.modules.app();
  } catch (error) {
    recordError("app.js", error);
  }
  app ??= {};
}

/**
 * Load a page or component and everything it uses, once.
 * @param {string} path
 */
export function loadUnit(path) {
  if (loaded.has(path)) return;
  loaded.add(path);
  const unit = definition.units[path];
  for (const component of Object.values(unit.using)) loadUnit(component);
  const using = Object.fromEntries(Object.entries(unit.using).map(([tag, component]) => [tag, `/${component}`]));
  unit.config = { ...unit.config, component: !unit.isPage, usingComponents: using };
  space.addComponentStaticConfig(path, unit.config);
  space.addCompiledTemplate(path, { groupList: definition.templates, content: definition.templates[path] });
  space.addStyleSheet(path, undefined, unit.isPage ? undefined : unit.scope);
  if (unit.isPage) addStyle(path, definition.styles.pages[path]);
  space.componentEnv(path, (made) => {
    running.push({ path, environment: made });
    try {
      definition.modules[path]();
    } finally {
      running.pop();
    }
  });
}

/**
 * @param {string} owner
 * @param {string} css
 */
function addStyle(owner, css) {
  const style = document.createElement("style");
  style.dataset.owner = owner;
  style.textContent = css;
  document.head.appendChild(style);
}

/**
 * @param {string} what
 * @returns {{ path: string, environment: any }}
 */
function current(what) {
  const top = running[running.length - 1];
  if (!top) throw new Error(`${what}() outside of a page or component`);
  return top;
}

/** @param {any} given */
function Page(given) {
  return current("Page").environment.Page(withBehaviors(given));
}

/**
 * The engine reads styleIsolation only from the JSON file; WeChat from the script too.
 * @param {any} given
 */
function Component(given) {
  const { path, environment: made } = current("Component");
  const unit = definition.units[path];
  unit.config.styleIsolation ??= given.options?.styleIsolation ?? (given.options?.addGlobalClass ? "apply-shared" : undefined);
  space.addComponentStaticConfig(path, unit.config);
  if (unit.isPage) {
    pageProperties.set(path, Object.keys(given.properties ?? {}));
  } else {
    const { own, shared } = definition.styles.components[path];
    addStyle(path, unit.config.styleIsolation === "shared" ? shared : own);
  }
  return made.Component(withBehaviors(given));
}

/** @param {any} given */
function Behavior(given) {
  return space.behavior().definition(withBehaviors(given)).register();
}

/**
 * The engine has no behaviors that go by a name, like "wx://form-field".
 * @param {any} given
 */
function withBehaviors(given) {
  if (!given.behaviors) return given;
  return { ...given, behaviors: given.behaviors.map((/** @type {any} */ one) => (typeof one === "string" ? builtinBehavior(one) : one)) };
}

/** @param {string} name */
function builtinBehavior(name) {
  if (!builtinBehaviors.has(name)) {
    if (!name.startsWith("wx://")) throw new Error(`no behavior "${name}"`);
    const properties = name === "wx://form-field" ? { name: String, value: null } : {};
    builtinBehaviors.set(name, space.behavior().definition(/** @type {any} */ ({ properties })).register());
  }
  return builtinBehaviors.get(name);
}

Object.assign(globalThis, {
  Page,
  Component,
  Behavior,
  App: (/** @type {any} */ given) => {
    app = given;
  },
  getApp: () => app,
});
