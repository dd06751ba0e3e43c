// The live board: its chart follows the figures, its questions name what would happen now.
"use strict";

function redraw(answer) {
  for (const data of answer.querySelectorAll("[data-chart-for]")) {
    const chart = document.querySelector(`#${data.dataset.chartFor} [data-chart]`);
    const shown = chart.querySelector("script");
    if (shown.textContent === data.textContent) continue;
    shown.textContent = data.textContent;
    chart.dispatchEvent(new CustomEvent("chart:changed", { bubbles: true }));
  }
}

document.addEventListener("live:fresh", ({ target, detail: { answer } }) => {
  if (!answer) return;
  redraw(answer);
  const facts = answer.querySelector("[data-facts]").dataset;
  for (const form of document.querySelectorAll("[data-sure-of-board]")) form.dataset.confirm = facts.sure;
  // Somebody has opened or closed the market: other buttons belong to it now.
  if (facts.state !== target.dataset.state) location.reload();
});

// What a board asks by itself keeps nobody logged in, so whoever is there is asked in time.
const idle = document.querySelector("[data-idle-after]");
let forewarning;

function forewarn() {
  clearTimeout(forewarning);
  // A wall by a link of its own has no session that ends.
  if (!idle) return;
  idle.hidden = true;
  forewarning = setTimeout(() => { idle.hidden = false; }, 1000 * Number(idle.dataset.idleAfter));
}
forewarn();
document.addEventListener("live:state", ({ detail: { state, before } }) => {
  if (state === "ended" || before === "ended") forewarn();
});
