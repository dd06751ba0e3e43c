// What every page of the console does by itself. Pages work without it, but for what asks first.
"use strict";

// A page that a form has answered itself, mostly a refusal, stands at no address. Going back to it,
// reloading it and copying its address open the page that the form is on; what was typed is put
// back there (drafts.js).
const formPage = document.querySelector('meta[name="page"]');
if (formPage) history.replaceState(history.state, "", formPage.content);

// What can't be undone asks, naming what will happen; where 「取消」 would say the opposite, also what
// its buttons do.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const sure = form.dataset.confirm;
  if (!sure || form.dataset.confirmed) return;
  event.preventDefault();
  ask(sure, form.dataset.yes, form.dataset.no).then((yes) => {
    if (!yes) return;
    form.dataset.confirmed = "yes";
    form.requestSubmit(event.submitter);
  });
});

function ask(question, yes = "确定", no = "取消") {
  const dialog = document.createElement("dialog");
  dialog.className = "confirm";
  const text = document.createElement("p");
  text.textContent = question;
  text.id = "confirm-question";
  dialog.setAttribute("aria-labelledby", text.id);
  const buttons = document.createElement("form");
  buttons.method = "dialog";
  buttons.className = "btn-list justify-content-end";
  for (const [value, words, look] of [["no", no, "btn"], ["yes", yes, "btn btn-primary"]]) {
    const button = document.createElement("button");
    Object.assign(button, { value, className: look, textContent: words });
    buttons.append(button);
  }
  dialog.append(text, buttons);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => { dialog.remove(); resolve(dialog.returnValue === "yes"); });
  });
}

// A number to call that looks like somebody's own is pointed out while it is typed, and never refused.
const MOBILE = /(?<!\d)(?:(?:00)?86[\s\u2010-\u2015-]*)?1[3-9]\d(?:[\s\u2010-\u2015-]?\d){8}(?!\d)/;
function warningBeside(field) {
  const warning = document.createElement("small");
  Object.assign(warning, { className: "form-warning", role: "status" });
  field.after(warning);
  return warning;
}
for (const field of document.querySelectorAll("[data-mobile-warns]")) {
  const warning = warningBeside(field);
  const check = () => { warning.textContent = MOBILE.test(field.value.normalize("NFKC")) ? field.dataset.mobileWarns : ""; };
  field.addEventListener("input", check);
  field.form.addEventListener("draft:restored", check);
  check();
}

// A field whose change leaves others behind that belong to it, as a venue's name its address.
for (const field of document.querySelectorAll("[data-leaves]")) {
  const warning = warningBeside(field);
  const others = [...field.form.elements].filter((one) => field.dataset.leaves.split(" ").includes(one.name) && one.type !== "radio");
  const changed = (one) => one.value !== one.defaultValue;
  const check = () => {
    const left = changed(field) && others.some((one) => one.value) && !others.some(changed);
    warning.textContent = left ? field.dataset.leavesWords : "";
  };
  field.form.addEventListener("input", check);
  field.form.addEventListener("draft:restored", check);
  check();
}

// A second press of the same button sends nothing: the first is still on its way.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method === "dialog") return;
  // A file that is kept leaves the page as it is: its button may be pressed again.
  if ([event.target, event.submitter].some((one) => one?.dataset.download !== undefined)) return;
  for (const button of event.target.querySelectorAll("button:not([type=button])")) {
    setTimeout(() => { button.disabled = true; }, 0);
  }
});
// Coming back to a page by the browser's button must not find it locked.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll("button:disabled")) button.disabled = false;
});

// Filters take effect as they are chosen.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-submit-on-change]");
  if (form) form.requestSubmit();
});

function ready(root) {
  for (const form of root.querySelectorAll("form[data-submit-at-once]")) form.requestSubmit();
  const refusal = root.querySelector("[data-focus]");
  if (refusal) refusal.focus();
}
ready(document);
document.addEventListener("htmx:load", (event) => ready(event.target.parentElement || event.target));

// While the server can't be reached, a page that refreshes by itself says so, and goes on.
document.addEventListener("htmx:sendError", () => { document.body.classList.add("offline"); });
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) document.body.classList.remove("offline");
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// What is too long to be copied by hand. Where the browser lets no page copy, the text is marked.
document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copies]");
  if (!button) return;
  const text = document.querySelector(button.dataset.copies);
  try {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = "已复制";
  } catch {
    getSelection().selectAllChildren(text);
    button.textContent = "已选中，请按 Ctrl+C";
  }
});
