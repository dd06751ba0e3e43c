// @ts-check
// The compiled mini-program, as build/output.js writes it.

/**
 * @typedef {object} Definition
 * @property {any} app app.json
 * @property {string[]} pages
 * @property {Record<string, { isPage: boolean, config: any, using: Record<string, string>, scope: string }>} units
 * @property {{ app: string, pages: Record<string, string>, components: Record<string, { own: string, shared: string }> }} styles
 * @property {any} templates
 * @property {Record<string, () => any>} modules
 */

/** @type {Definition} */
export const definition = /** @type {any} */ (globalThis).miniprogram;

/** @param {string} path */
export function isTab(path) {
  return Boolean(definition.app.tabBar?.list.some((/** @type {any} */ tab) => tab.pagePath === path));
}
