// @ts-check
// Tags that show something: text, image, icon, progress, rich-text, canvas.
import { element, fileAddress } from "../runtime/dom.js";
import { ownerPath } from "./define.js";

const ICONS = /** @type {Record<string, string>} */ ({
  success: "✔", success_no_circle: "✓", info: "ℹ", warn: "!", waiting: "◷", cancel: "✖", download: "↓", search: "⌕", clear: "⊗",
});
const OBJECT_FIT = /** @type {Record<string, string>} */ ({ aspectFit: "contain", aspectFill: "cover" });

/** @type {import("./define.js").Behaviour} */
const image = {
  created(component, host) {
    const picture = element("img", "", host);
    picture.alt = "";
    picture.onload = () => {
      const { naturalWidth: width, naturalHeight: height } = picture;
      if (component.data.mode === "widthFix") host.style.height = `${(host.clientWidth * height) / width}px`;
      if (component.data.mode === "heightFix") host.style.width = `${(host.clientHeight * width) / height}px`;
      component.triggerEvent("load", { width, height });
    };
    picture.onerror = () => component.triggerEvent("error", { errMsg: "load fail" });
  },
  observers: {
    "src,mode"(component, host) {
      const { src, mode } = component.data;
      const picture = host.querySelector("img");
      picture.style.objectFit = OBJECT_FIT[mode] ?? "fill";
      if (src) picture.src = fileAddress(src, ownerPath(component));
      else picture.removeAttribute("src");
    },
    ariaLabel(component, host) {
      if (component.data.ariaLabel) host.setAttribute("role", component.data.ariaRole || "img");
    },
  },
};

/** @type {import("./define.js").Behaviour} */
const canvas = {
  created(_, host) {
    const node = /** @type {any} */ (element("canvas", "", host));
    node.createImage = () => new Image();
    node.requestAnimationFrame = requestAnimationFrame.bind(window);
    node.cancelAnimationFrame = cancelAnimationFrame.bind(window);
    /** @type {any} */ (host).harnessNode = node;
  },
  observers: {
    type(component) {
      const { type } = component.data;
      if (type && type !== "2d") throw new Error(`<canvas type="${type}">: the harness has only 2d`);
    },
    ariaLabel(component, host) {
      if (component.data.ariaLabel) host.setAttribute("role", component.data.ariaRole || "img");
    },
  },
};

/** @type {import("./define.js").Behaviour} */
const icon = {
  observers: {
    "type,size,color"(component, host) {
      const { type, size, color } = component.data;
      host.textContent = ICONS[type] ?? "";
      host.style.fontSize = typeof size === "number" ? `${size}px` : size;
      host.style.color = color || "#09bb07";
    },
  },
};

/** @type {import("./define.js").Behaviour} */
const progress = {
  role: "progressbar",
  created(_, host) {
    element("i", "", element("div", "track", host));
    element("span", "", host);
  },
  observers: {
    "percent,showInfo,strokeWidth,activeColor,backgroundColor"(component, host) {
      const { percent, showInfo, strokeWidth, activeColor, backgroundColor } = component.data;
      const track = host.querySelector(".track");
      track.style.height = `${strokeWidth}px`;
      track.style.background = backgroundColor;
      Object.assign(track.firstChild.style, { width: `${percent}%`, background: activeColor });
      host.querySelector("span").textContent = showInfo ? `${percent}%` : "";
      host.setAttribute("aria-valuenow", String(percent));
    },
  },
};

/** @type {import("./define.js").Behaviour} */
const richText = {
  observers: {
    nodes(component, host) {
      const { nodes } = component.data;
      host.textContent = "";
      if (typeof nodes === "string") host.append(...harmless(nodes));
      else for (const node of nodes ?? []) host.append(toDom(node));
    },
  },
};

/**
 * @param {string} html
 * @returns {ChildNode[]}
 */
function harmless(html) {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  for (const node of body.querySelectorAll("script, iframe, object, embed")) node.remove();
  return [...body.childNodes];
}

/**
 * @param {any} node of a rich text
 * @returns {Node}
 */
function toDom(node) {
  if (node.type === "text") return document.createTextNode(node.text);
  const made = document.createElement(node.name ?? "div");
  for (const [name, value] of Object.entries(node.attrs ?? {})) made.setAttribute(name, String(value));
  for (const child of node.children ?? []) made.append(toDom(child));
  return made;
}

/** @type {Record<string, import("./define.js").Behaviour>} */
export const content = {
  canvas,
  "cover-image": image,
  icon,
  image,
  progress,
  "rich-text": richText,
  text: {
    observers: {
      "selectable,userSelect"(component, host) {
        host.style.userSelect = component.data.selectable || component.data.userSelect ? "text" : "";
      },
    },
  },
};
