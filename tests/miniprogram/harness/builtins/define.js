// @ts-check
// How a built-in tag becomes a component of the engine: its properties come from tags.js, its
// behaviour from the module of its kind.
import { COMMON_PROPERTIES, kebabCase, TAGS } from "./tags.js";

/** @typedef {any} Component an instance of a built-in, as the engine makes it; `$$` is its host */

/**
 * @typedef {object} Behaviour
 * @property {string} [role] ARIA role of the host, unless the template gives another
 * @property {(component: Component, host: HTMLElement) => void} [created]
 * @property {(component: Component, host: HTMLElement) => void} [attached]
 * @property {(component: Component, host: HTMLElement) => void} [detached]
 * @property {Record<string, (component: Component, host: any) => void>} [observers] by
 *   comma-separated property names; run at first with the defaults
 * @property {(host: any) => HTMLElement} [labelled] which element takes aria-label and the like;
 *   the host unless given
 */

/**
 * @param {any} space of the engine
 * @param {string} tag
 * @param {Behaviour} behaviour
 */
export function defineTag(space, tag, behaviour) {
  const builder = space.define(`builtin/${tag}`).options({ hostNodeTagName: `wx-${tag}` });
  for (const [name, property] of Object.entries({ ...COMMON_PROPERTIES, ...TAGS[tag].properties })) {
    builder.property(name, property !== null && "value" in property ? property : { type: property });
  }
  const observers = Object.entries(behaviour.observers ?? {});
  observers.push(["hidden", (component, host) => host.toggleAttribute("hidden", component.data.hidden)]);
  for (const [names, observer] of observers) {
    builder.observer(names.split(","), /** @this {Component} */ function () {
      observer(this, this.$$);
    });
  }
  for (const name of Object.keys(COMMON_PROPERTIES).filter((one) => one.startsWith("aria"))) {
    builder.observer([name], /** @this {Component} */ function () {
      setAria(this, name, behaviour);
    });
  }
  builder.lifetime("created", /** @this {Component} */ function () {
    this.$$.component = this;
    if (behaviour.role) this.$$.setAttribute("role", behaviour.role);
    behaviour.created?.(this, this.$$);
    for (const [, observer] of observers) observer(this, this.$$);
  });
  for (const lifetime of /** @type {const} */ (["attached", "detached"])) {
    const run = behaviour[lifetime];
    if (run) builder.lifetime(lifetime, /** @this {Component} */ function () {
      run(this, this.$$);
    });
  }
  return builder.registerComponent();
}

/**
 * @param {Component} component
 * @param {string} name ariaLabel and the like
 * @param {Behaviour} behaviour
 */
function setAria(component, name, behaviour) {
  const target = behaviour.labelled?.(component.$$) ?? component.$$;
  const value = component.data[name];
  const attribute = name === "ariaRole" ? "role" : kebabCase(name);
  if (value === "" || value === null || value === undefined) target.removeAttribute(attribute);
  else target.setAttribute(attribute, String(value));
}

/**
 * Make something that is not a native control work by keyboard too; the engine turns Enter and
 * Space on such elements into taps.
 * @param {HTMLElement} host
 */
export function makePressable(host) {
  host.tabIndex = 0;
  host.dataset.press = "";
}

/**
 * @param {HTMLElement} host
 * @param {string} tag
 * @returns {Component | undefined} the nearest component of this tag around the host
 */
export function surrounding(host, tag) {
  return /** @type {any} */ (host.parentElement?.closest(`wx-${tag}`))?.component;
}

/**
 * @param {Component} component
 * @returns {string} the page or component in whose template it stands
 */
export function ownerPath(component) {
  return component.ownerShadowRoot?.getHostNode().is ?? "";
}
