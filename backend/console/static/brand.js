// The dashboard on the wall: panels that turn by themselves and can be stopped. The figures come
// with live.js, which leaves the panels in place.
"use strict";

const TURN_S = 20;
// Between two rows of communities, as in console.css.
const GAP = 8;
const panels = [...document.querySelectorAll("[data-panel]")];
let shown = 0;
let scrolled = 0;
let paused = false;

// Shows the panel that is on, scrolled to where it was; of a long one whole rows only.
function place() {
  panels.forEach((panel, index) => { panel.hidden = index !== shown; });
  const long = panels[shown].querySelector("[data-scroll]");
  const row = long && long.querySelector("[data-row]");
  if (!row) return;
  const height = row.offsetHeight + GAP;
  long.style.maxHeight = "";
  long.style.maxHeight = `${Math.max(1, Math.floor(long.clientHeight / height)) * height}px`;
  long.scrollTop = scrolled;
}

// The rest of a long panel before the next one.
function turn() {
  const long = panels[shown].querySelector("[data-scroll]");
  if (long && long.scrollTop + long.clientHeight < long.scrollHeight - GAP) {
    scrolled = long.scrollTop + long.clientHeight;
  } else {
    shown = (shown + 1) % panels.length;
    scrolled = 0;
  }
  place();
}

document.addEventListener("live:fresh", () => {
  for (const chart of document.querySelectorAll("[data-chart]")) {
    chart.dispatchEvent(new CustomEvent("chart:changed", { bubbles: true }));
  }
  place();
});

document.querySelector("[data-pause]").addEventListener("click", ({ target }) => {
  paused = !paused;
  target.setAttribute("aria-pressed", String(paused));
  target.textContent = paused ? "继续翻页" : "暂停翻页";
});
document.querySelector("[data-next]").addEventListener("click", turn);
window.addEventListener("resize", place);
setInterval(() => { if (!paused) turn(); }, TURN_S * 1000);
place();
