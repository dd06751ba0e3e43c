// @ts-check
import { defineTag } from "./define.js";
import { button } from "./button.js";
import { checkbox, checkboxGroup, label, radio, radioGroup, switchTag } from "./choices.js";
import { content } from "./content.js";
import { field } from "./fields.js";
import { form } from "./form.js";
import { navigator } from "./navigator.js";
import { pageMeta, rootPortal } from "./page.js";
import { picker } from "./picker.js";
import { scrollView } from "./scrolling.js";
import { swiper } from "./swiper.js";
import { TAGS } from "./tags.js";
import { slider } from "./slider.js";

/** @type {Record<string, import("./define.js").Behaviour>} */
const BEHAVIOURS = {
  ...content,
  button,
  checkbox,
  "checkbox-group": checkboxGroup,
  form,
  input: field("input"),
  label,
  navigator,
  "page-meta": pageMeta,
  picker,
  radio,
  "radio-group": radioGroup,
  "root-portal": rootPortal,
  "scroll-view": scrollView,
  slider,
  swiper,
  switch: switchTag,
  textarea: field("textarea"),
};

/**
 * @param {any} space of the engine
 * @returns {Record<string, any>} the components, by tag
 */
export function defineBuiltins(space) {
  return Object.fromEntries(Object.keys(TAGS).map((tag) => [tag, defineTag(space, tag, BEHAVIOURS[tag] ?? {})]));
}
