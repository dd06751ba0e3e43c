// @ts-check

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [className]
 * @param {Node} [parent]
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, className = "", parent = undefined, text = undefined) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  parent?.appendChild(made);
  return made;
}

/**
 * The backend is where this page came from, whatever host the mini-program names.
 * @param {string} url
 * @returns {string} the same place at this page's own host
 */
export function localAddress(url) {
  const { pathname, search } = new URL(url);
  return `${location.origin}${pathname}${search}`;
}

/** Addresses of what the mini-program has written under wx.env.USER_DATA_PATH, by its path there. */
export const userFiles = new Map();

/**
 * @param {string} source as written in a template: a file of the mini-program, or an address
 * @param {string} from the page or component that uses it
 */
export function fileAddress(source, from) {
  if (userFiles.has(source)) return userFiles.get(source);
  if (/^(data|blob):/.test(source)) return source;
  if (/^https?:/.test(source)) return localAddress(source);
  const base = new URL("files/", document.baseURI);
  return new URL(source.startsWith("/") ? `.${source}` : source, new URL(from, base)).href;
}
