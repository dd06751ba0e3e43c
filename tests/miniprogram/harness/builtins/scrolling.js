// @ts-check

/** @param {any} component @param {HTMLElement} host */
function scrolled(component, host) {
  const { scrollTop, scrollLeft, scrollHeight, scrollWidth, clientHeight, clientWidth } = host;
  const { scrollX, upperThreshold, lowerThreshold } = component.data;
  component.triggerEvent("scroll", { scrollTop, scrollLeft, scrollHeight, scrollWidth });
  const before = scrollX ? scrollLeft : scrollTop;
  const after = scrollX ? scrollWidth - clientWidth - scrollLeft : scrollHeight - clientHeight - scrollTop;
  reach(component, "scrolltoupper", before <= Number.parseFloat(upperThreshold));
  reach(component, "scrolltolower", after <= Number.parseFloat(lowerThreshold));
}

/**
 * Raise an event once on each arrival.
 * @param {any} component
 * @param {string} event
 * @param {boolean} there
 */
function reach(component, event, there) {
  component.harnessReached ??= {};
  if (there && !component.harnessReached[event]) component.triggerEvent(event, {});
  component.harnessReached[event] = there;
}

/** @type {import("./define.js").Behaviour} */
export const scrollView = {
  created(component, host) {
    host.addEventListener("scroll", () => scrolled(component, host));
  },
  observers: {
    "scrollX,scrollY"(component, host) {
      const { scrollX, scrollY } = component.data;
      host.style.overflowX = scrollX ? "auto" : "hidden";
      host.style.overflowY = scrollY ? "auto" : "hidden";
      // What scrolls must be reachable by keyboard.
      if (scrollX || scrollY) host.tabIndex = 0;
    },
    enableFlex: (component, host) => host.toggleAttribute("enable-flex", component.data.enableFlex),
    scrollTop(component, host) {
      if (component.data.scrollTop !== null) host.scrollTop = Number.parseFloat(component.data.scrollTop);
    },
    scrollLeft(component, host) {
      if (component.data.scrollLeft !== null) host.scrollLeft = Number.parseFloat(component.data.scrollLeft);
    },
    scrollIntoView(component) {
      const { scrollIntoView: id } = component.data;
      const target = () => component.ownerShadowRoot.getElementById(id)?.$$;
      if (id) requestAnimationFrame(() => target()?.scrollIntoView({ block: "nearest" }));
    },
  },
};
