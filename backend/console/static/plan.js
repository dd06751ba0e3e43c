// The plan of stalls: dragging one to a spot sends the same form as the table below does.
"use strict";

const plan = document.querySelector("[data-plan]");
const form = document.getElementById("place");
let dragged = null;

document.addEventListener("dragstart", (event) => {
  const stall = event.target.closest?.(".stall[data-place]");
  if (!stall || !plan) return;
  dragged = stall;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", stall.textContent);
});

document.addEventListener("dragend", () => {
  dragged = null;
  for (const spot of document.querySelectorAll(".spot.over")) spot.classList.remove("over");
});

if (plan) {
  plan.addEventListener("dragover", (event) => {
    const spot = event.target.closest(".spot");
    if (!dragged || !spot) return;
    event.preventDefault();
    for (const other of plan.querySelectorAll(".spot.over")) other.classList.remove("over");
    spot.classList.add("over");
  });
  plan.addEventListener("drop", (event) => {
    const spot = event.target.closest(".spot");
    if (!dragged || !spot) return;
    event.preventDefault();
    form.action = dragged.dataset.place;
    form.elements.row.value = spot.dataset.row;
    form.elements.column.value = spot.dataset.column;
    form.requestSubmit();
  });
}
