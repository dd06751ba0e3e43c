// @ts-check

/**
 * @param {HTMLElement} host of a form
 * @returns {any[]} the components in it that have a name and a value
 */
function fields(host) {
  return [...host.querySelectorAll("*")]
    .map((node) => /** @type {any} */ (node).component)
    .filter((component) => component?.harnessField && component.data.name);
}

/** @type {import("./define.js").Behaviour} */
export const form = {
  created(component, host) {
    /** What a button with form-type does. */
    component.harnessForm = (/** @type {string} */ type) => {
      if (type === "reset") {
        for (const field of fields(host)) field.harnessField.reset();
        component.triggerEvent("reset", {});
        return;
      }
      const value = Object.fromEntries(fields(host).map((field) => [field.data.name, field.harnessField.value()]));
      component.triggerEvent("submit", { value, formId: "" });
    };
  },
};
