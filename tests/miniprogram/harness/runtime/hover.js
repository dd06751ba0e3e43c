// @ts-check
// hover-class: how a tag looks while it is pressed.

/** @param {PointerEvent} event */
function pressed(event) {
  for (let node = /** @type {any} */ (event.target); node; node = node.parentElement) {
    const { hoverClass, hoverStartTime, hoverStayTime, hoverStopPropagation, disabled } = node.component?.data ?? {};
    if (!hoverClass || hoverClass === "none" || disabled) continue;
    const { component } = node;
    const toggle = (/** @type {boolean} */ on) => {
      for (const name of hoverClass.split(" ")) component.classList.toggle(name, on);
    };
    const timer = setTimeout(() => toggle(true), hoverStartTime);
    const release = () => {
      clearTimeout(timer);
      setTimeout(() => toggle(false), hoverStayTime);
      for (const type of ["pointerup", "pointercancel"]) document.removeEventListener(type, release, { capture: true });
    };
    for (const type of ["pointerup", "pointercancel"]) document.addEventListener(type, release, { capture: true });
    if (hoverStopPropagation) return;
  }
}

document.addEventListener("pointerdown", pressed, { capture: true });
