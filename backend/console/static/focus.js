// What of a page is replaced while somebody is in it keeps the keyboard where it was: on the same
// field, link or button, with the caret and what is typed; where that is gone, on what stands in its
// place.
"use strict";

// Call before a part is replaced, and what it answers afterwards.
function holdFocus() {
  const held = document.activeElement;
  if (!held || held === document.body) return () => {};
  const number = alike(held, document).indexOf(held);
  const around = [];
  for (let one = held.parentElement; one; one = one.parentElement) if (one.id) around.push(one.id);
  const { value, selectionStart: from, selectionEnd: to, selectionDirection: direction } = held;
  return () => {
    if (held.isConnected) return;
    const found = alike(held, document);
    const same = found[number] || found[0];
    const next = same || around.map((id) => firstIn(document.getElementById(id))).find(Boolean);
    next?.focus({ preventScroll: true });
    if (!same?.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=file])")) return;
    if (same.tagName === held.tagName) same.value = value;
    if (typeof from === "number" && same.setSelectionRange) same.setSelectionRange(from, to, direction);
  };
}

// The elements that are this one in another drawing of the page.
function alike(element, root) {
  const itself = nameOf(element);
  const found = element.id ? [root.getElementById(element.id)] : [...root.querySelectorAll(element.tagName)];
  return found.filter((one) => one && (element.id || nameOf(one) === itself));
}

function nameOf(element) {
  const { tagName, name } = element;
  const action = element.form?.getAttribute("action");
  const value = tagName === "BUTTON" ? element.value : null;
  return JSON.stringify([tagName, name, value, element.getAttribute("href"), action]);
}

function firstIn(place) {
  return place?.querySelector("a[href], button:enabled, input:enabled:not([type=hidden]), select:enabled, textarea:enabled");
}

let giveBack = () => {};
document.addEventListener("htmx:beforeSwap", () => { giveBack = holdFocus(); });
document.addEventListener("htmx:afterSwap", () => giveBack());
