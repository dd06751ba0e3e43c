// @ts-check
// Which methods and data each page and component has: their scripts are run once, with stand-ins
// for WeChat's globals that only write down what is defined. Spreads and behaviors count too.
import vm from "node:vm";

/** @typedef {{ methods: Set<string>, data: Set<string> }} Members */

/**
 * @param {string} code the bundle made by scripts.js
 * @param {import("./project.js").Project} project
 * @param {import("./problems.js").Problems} problems
 * @returns {Map<string, Members>}
 */
export function readMembers(code, project, problems) {
  /** @type {any[]} */
  let defined = [];
  const define = (/** @type {any} */ definition) => {
    defined.push(definition);
    return definition;
  };
  const anything = standIn();
  const globals = {
    miniprogram: { modules: /** @type {Record<string, () => void>} */ ({}) },
    wx: anything,
    console,
    setTimeout: () => 0,
    clearTimeout() {},
    setInterval: () => 0,
    clearInterval() {},
    App() {},
    Page: define,
    Component: define,
    Behavior: (/** @type {any} */ definition) => definition,
    getApp: () => anything,
    getCurrentPages: () => [],
  };
  vm.runInNewContext(code, globals);
  const members = new Map();
  for (const unit of project.units.values()) {
    defined = [];
    try {
      globals.miniprogram.modules[unit.path]();
    } catch (error) {
      problems.add(`${unit.path}.js`, 0, `cannot be loaded: ${/** @type {Error} */ (error).message}`);
      continue;
    }
    if (defined.length !== 1) {
      problems.add(`${unit.path}.js`, 0, `calls Page() or Component() ${defined.length} times, not once`);
      continue;
    }
    members.set(unit.path, membersOf(defined[0]));
  }
  return members;
}

/**
 * @param {any} definition of a page, component or behavior
 * @returns {Members}
 */
function membersOf(definition) {
  const methods = new Set(Object.keys(definition.methods ?? {}));
  for (const [name, value] of Object.entries(definition)) if (typeof value === "function") methods.add(name);
  const data = new Set([...Object.keys(definition.data ?? {}), ...Object.keys(definition.properties ?? {})]);
  for (const behavior of definition.behaviors ?? []) {
    if (typeof behavior === "string") continue;
    const inherited = membersOf(behavior);
    for (const name of inherited.methods) methods.add(name);
    for (const name of inherited.data) data.add(name);
  }
  return { methods, data };
}

/** @returns {any} something that can be called, read and calculated with, and does nothing */
function standIn() {
  /** @type {any} */
  const proxy = new Proxy(function () {}, {
    get: (_, key) => (key === Symbol.toPrimitive ? () => 0 : key === "then" ? undefined : proxy),
    apply: () => proxy,
    construct: () => proxy,
  });
  return proxy;
}
