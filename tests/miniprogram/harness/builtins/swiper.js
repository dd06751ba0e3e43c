// @ts-check
// Pages side by side that snap into place; autoplay and circles are left out.

const SETTLED_MS = 80;

/** @param {any} component @param {HTMLElement} host */
function settled(component, host) {
  const { vertical, current } = component.data;
  const size = vertical ? host.clientHeight : host.clientWidth;
  const shown = Math.round((vertical ? host.scrollTop : host.scrollLeft) / size);
  if (shown === current) return;
  component.setData({ current: shown });
  component.triggerEvent("change", { current: shown, source: "touch" });
  component.triggerEvent("animationfinish", { current: shown, source: "touch" });
}

/** @type {import("./define.js").Behaviour} */
export const swiper = {
  created(component, host) {
    let timer = 0;
    host.addEventListener("scroll", () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => settled(component, host), SETTLED_MS);
    });
    host.tabIndex = 0;
  },
  observers: {
    vertical: (component, host) => host.toggleAttribute("vertical", component.data.vertical),
    current(component, host) {
      const { vertical, current } = component.data;
      if (vertical) host.scrollTop = current * host.clientHeight;
      else host.scrollLeft = current * host.clientWidth;
    },
  },
};
