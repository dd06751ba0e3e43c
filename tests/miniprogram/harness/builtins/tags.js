// @ts-check
// The built-in tags of WeChat that the harness knows, as data: the build checks templates against
// it, and the runtime makes the components from it. What is not here fails the build.

/** @typedef {StringConstructor | NumberConstructor | BooleanConstructor | ArrayConstructor | ObjectConstructor | null} PropertyType */
/** @typedef {{ type: PropertyType, value: any }} PropertyDefault */
/** @typedef {{ properties?: Record<string, PropertyType | PropertyDefault>, events?: string[] }} Tag */

/** Events that any tag may listen to. */
export const COMMON_EVENTS = [
  "tap", "longpress", "touchstart", "touchmove", "touchend", "touchcancel",
  "transitionend", "animationstart", "animationiteration", "animationend",
];

/** Attributes of any built-in tag. */
export const COMMON_PROPERTIES = /** @type {Record<string, PropertyType | PropertyDefault>} */ ({
  hidden: Boolean,
  ariaRole: String,
  ariaLabel: String,
  ariaHidden: null,
  ariaChecked: null,
  ariaSelected: null,
  ariaPressed: null,
  ariaExpanded: null,
  ariaDisabled: null,
  ariaRequired: null,
  ariaInvalid: null,
  ariaLive: String,
  ariaAtomic: null,
  ariaBusy: null,
  ariaLevel: null,
  ariaValuenow: null,
  ariaValuemin: null,
  ariaValuemax: null,
  ariaValuetext: String,
  ariaCurrent: null,
  ariaModal: null,
  ariaPosinset: null,
  ariaSetsize: null,
  ariaHaspopup: null,
});

const HOVER = {
  hoverClass: String,
  hoverStopPropagation: Boolean,
  hoverStartTime: { type: Number, value: 50 },
  hoverStayTime: { type: Number, value: 400 },
};

const FIELD = {
  name: String,
  value: { type: String, value: "" },
  placeholder: String,
  placeholderStyle: String,
  placeholderClass: String,
  disabled: Boolean,
  maxlength: { type: Number, value: 140 },
  focus: Boolean,
  autoFocus: Boolean,
  cursor: { type: Number, value: -1 },
  cursorSpacing: Number,
  selectionStart: { type: Number, value: -1 },
  selectionEnd: { type: Number, value: -1 },
  adjustPosition: { type: Boolean, value: true },
  holdKeyboard: Boolean,
  confirmType: String,
  confirmHold: Boolean,
};

const CHOICE = {
  value: String,
  checked: Boolean,
  disabled: Boolean,
  color: { type: String, value: "#09BB07" },
  name: String,
};

/** @type {Record<string, Tag>} */
export const TAGS = {
  view: { properties: HOVER },
  "cover-view": {},
  text: {
    properties: { selectable: Boolean, userSelect: Boolean, space: String, decode: Boolean, maxLines: Number, overflow: String },
  },
  "rich-text": { properties: { nodes: null, space: String, userSelect: Boolean } },
  icon: { properties: { type: String, size: { type: null, value: 23 }, color: String } },
  progress: {
    properties: {
      percent: Number, showInfo: Boolean, strokeWidth: { type: Number, value: 6 },
      activeColor: { type: String, value: "#09BB07" }, backgroundColor: { type: String, value: "#EBEBEB" },
      active: Boolean, activeMode: String, borderRadius: null, fontSize: null, duration: Number,
    },
  },
  image: {
    properties: {
      src: String, mode: { type: String, value: "scaleToFill" }, lazyLoad: Boolean, webp: Boolean,
      showMenuByLongpress: Boolean, fadeIn: Boolean,
    },
    events: ["load", "error"],
  },
  "cover-image": { properties: { src: String }, events: ["load", "error"] },
  canvas: { properties: { type: String, canvasId: String, disableScroll: Boolean }, events: ["error"] },
  button: {
    properties: {
      ...HOVER,
      hoverClass: { type: String, value: "button-hover" },
      size: { type: String, value: "default" }, type: { type: String, value: "default" },
      plain: Boolean, disabled: Boolean, loading: Boolean, formType: String, openType: String, lang: String,
      sessionFrom: String, appParameter: String, phoneNumberNoQuotaToast: { type: Boolean, value: true },
    },
    events: [
      "getphonenumber", "getrealtimephonenumber", "chooseavatar", "opensetting", "agreeprivacyauthorization", "error",
    ],
  },
  form: { properties: { reportSubmit: Boolean, reportSubmitTimeout: Number }, events: ["submit", "reset"] },
  label: { properties: { for: String } },
  input: {
    properties: { ...FIELD, type: { type: String, value: "text" }, password: Boolean, alwaysEmbed: Boolean },
    events: ["input", "focus", "blur", "confirm", "change", "nicknamereview", "keyboardheightchange"],
  },
  textarea: {
    properties: { ...FIELD, autoHeight: Boolean, fixed: Boolean, showConfirmBar: { type: Boolean, value: true }, disableDefaultPadding: Boolean },
    events: ["input", "focus", "blur", "confirm", "change", "linechange", "keyboardheightchange"],
  },
  switch: {
    properties: { ...CHOICE, type: { type: String, value: "switch" }, color: { type: String, value: "#04BE02" } },
    events: ["change"],
  },
  checkbox: { properties: CHOICE },
  "checkbox-group": { properties: { name: String }, events: ["change"] },
  radio: { properties: CHOICE },
  "radio-group": { properties: { name: String }, events: ["change"] },
  slider: {
    properties: {
      value: Number, min: Number, max: { type: Number, value: 100 }, step: { type: Number, value: 1 },
      disabled: Boolean, name: String, showValue: Boolean, activeColor: String, backgroundColor: String,
      blockSize: Number, blockColor: String,
    },
    events: ["change", "changing"],
  },
  picker: {
    properties: {
      mode: { type: String, value: "selector" }, range: { type: Array, value: [] }, rangeKey: String, value: null,
      start: String, end: String, fields: { type: String, value: "day" }, headerText: String, disabled: Boolean, name: String,
    },
    events: ["change", "cancel", "columnchange"],
  },
  "scroll-view": {
    properties: {
      scrollX: Boolean, scrollY: Boolean, scrollTop: null, scrollLeft: null, scrollIntoView: String,
      scrollWithAnimation: Boolean, upperThreshold: { type: null, value: 50 }, lowerThreshold: { type: null, value: 50 },
      enableFlex: Boolean, enhanced: Boolean, showScrollbar: { type: Boolean, value: true }, bounces: { type: Boolean, value: true },
      enableBackToTop: Boolean, type: String, scrollAnchoring: Boolean,
      refresherEnabled: Boolean, refresherTriggered: Boolean, refresherBackground: String,
    },
    events: ["scroll", "scrolltoupper", "scrolltolower", "refresherrefresh"],
  },
  swiper: {
    properties: {
      current: Number, indicatorDots: Boolean, indicatorColor: String, indicatorActiveColor: String, autoplay: Boolean,
      interval: { type: Number, value: 5000 }, duration: { type: Number, value: 500 }, circular: Boolean, vertical: Boolean,
      displayMultipleItems: Number, previousMargin: String, nextMargin: String, easingFunction: String,
    },
    events: ["change", "animationfinish"],
  },
  "swiper-item": { properties: { itemId: String } },
  navigator: {
    properties: {
      ...HOVER, url: String, openType: { type: String, value: "navigate" }, delta: { type: Number, value: 1 }, target: String,
    },
  },
  "root-portal": { properties: { enable: { type: Boolean, value: true } } },
  "page-meta": {
    properties: {
      backgroundTextStyle: String, backgroundColor: String, rootBackgroundColor: String, rootFontSize: String,
      pageFontSize: String, pageStyle: String, scrollTop: String,
    },
    events: ["scroll", "resize"],
  },
};

/** Tags of the template language itself, which are not components. */
export const TEMPLATE_TAGS = ["block", "template", "import", "include", "wxs", "slot"];

/**
 * @param {string} name an attribute as written in a template, in kebab case
 * @returns {string} the property it sets, in camel case
 */
export function camelCase(name) {
  return name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
}

/**
 * @param {string} name a property, in camel case
 * @returns {string} the attribute that sets it
 */
export function kebabCase(name) {
  return name.replace(/[A-Z]/g, (letter) => "-" + letter.toLowerCase());
}
