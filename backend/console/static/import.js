// The preview of an Excel file: each cell is kept as soon as it is typed, and looked at again.
// What has not reached the server stays in this tab until it has (drafts.js): over a lost network, an
// ended session and a reload. Without this script the form's button does the same.
"use strict";

const form = document.querySelector("form[data-import]");
if (form) keepCells(form);

function keepCells(form) {
  const PRESSED = "#import-head .btn, #import-rows a";
  const said = document.querySelector("[data-import-said]");
  let sending = null;
  // What is asked while something is being sent: the buttons pressed, and undefined for a cell.
  let asked = new Set();
  let ended = false;
  let released = null;
  let wanted = null;

  const isUnsent = () => Object.keys(drafts.unsent(form)).length > 0;

  // ------------------------------------------------------------------ sent, and shown again
  async function save(button) {
    if (sending) {
      asked.add(button);
      await sending;
      return;
    }
    const unsent = drafts.unsent(form);
    const body = new URLSearchParams(unsent);
    if (button?.name) body.set(button.name, button.value);
    // The way to log in stays: whoever comes back to this window may have come by pressing it.
    if (!ended) said.textContent = "正在保存…";
    sending = send(body, unsent).finally(() => { sending = null; });
    await sending;
    const meanwhile = asked;
    asked = new Set();
    for (const one of meanwhile) await save(one);
  }

  async function send(body, unsent) {
    let answer;
    try {
      answer = await post(body);
      // Whoever has logged in again in another tab has another token.
      if (answer.status === 403) answer = (await renewToken()) || (await post(body));
    } catch {
      say("网络不通，还没有保存。您填的都在这里，网络好了会自动保存。");
      mark(unsent, "网络不通，还没有保存");
      return;
    }
    const stillEnded = ended && answer.status === 401;
    ended = answer.status === 401;
    if (ended) {
      mark(unsent, "登录已过期，还没有保存");
      if (stillEnded) return;
      say("登录已过期，还没有保存。您填的留在这台电脑上，请", "重新登录", form.dataset.login, "，再回到这一页。");
      return;
    }
    if (!answer.ok) {
      say("没有保存上，您填的都在这里，请过一会儿再点「保存，再查一遍」。");
      mark(unsent, "没有保存上");
      return;
    }
    const text = await answer.text();
    await released;
    show(new DOMParser().parseFromString(text, "text/html"), unsent);
  }

  async function settled() {
    while (sending) await sending;
    if (isUnsent()) await save();
  }

  // What the head offers is of what has been looked at, and a link leaves the page. Pressed while a
  // cell is not kept, it is done once that is, with what the page says then; of two presses the last.
  async function pressSettled(event) {
    const button = event.target.closest(PRESSED);
    if (!button || !(sending || isUnsent())) return;
    event.preventDefault();
    event.stopPropagation();
    const waited = wanted !== null;
    wanted = way(button);
    if (waited) return;
    let last;
    try {
      await settled();
    } finally {
      last = wanted;
      wanted = null;
    }
    if (isUnsent()) return;
    const fresh = [...document.querySelectorAll(PRESSED)].find((one) => way(one) === last);
    fresh?.focus();
    fresh?.click();
  }

  function way(button) {
    return button.href || button.form.action;
  }

  // A button that is replaced between being pressed and let go is never clicked.
  function hold(event) {
    if (event.button !== 0 || !event.target.closest("a, button")) return;
    released = new Promise((resolve) => {
      for (const name of ["pointerup", "pointercancel"]) {
        addEventListener(name, () => setTimeout(resolve), { once: true });
      }
    });
  }

  function post(body) {
    body.set("csrf_token", form.elements.csrf_token.value);
    return fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
  }

  // Answers with the refusal where there is no token to be had.
  async function renewToken() {
    const answer = await fetch(location.href, { headers: { "HX-Request": "true" } });
    if (!answer.ok) return answer;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    form.elements.csrf_token.value = page.querySelector("form[data-import] [name=csrf_token]").value;
    return null;
  }

  function say(words, link, address, more) {
    said.textContent = words;
    said.classList.toggle("text-danger", words !== "");
    if (!link) return;
    const anchor = Object.assign(document.createElement("a"), { href: address, textContent: link, target: "_blank" });
    said.append(anchor, more);
  }

  // Said where it was typed, too: what stands above the table may be out of sight. The next page that
  // is shown takes it away.
  function mark(unsent, words) {
    for (const name of Object.keys(unsent)) {
      const field = form.elements[name];
      if (!field) continue; // of a row that is not open now
      field.parentElement.querySelector(".import-unkept")?.remove();
      field.after(Object.assign(document.createElement("small"), { className: "import-unkept", textContent: words }));
    }
  }

  // Everything is taken from the new page but the cell somebody is in: what is being typed there
  // stays, and is looked at when they leave it.
  function show(page, sent) {
    const giveBack = holdFocus();
    document.getElementById("import-head").replaceWith(page.getElementById("import-head"));
    // A file that has been imported whole, in another tab, asks for none.
    const model = page.getElementById("model_id");
    if (model) settle(form.elements.model_id, model);
    form.querySelector(".import-unkept")?.remove();
    const busy = document.activeElement;
    showQuestions(page.getElementById("import-slots"), busy);
    const rows = page.getElementById("import-rows");
    const own = document.getElementById("import-rows");
    if (rows.tHead.textContent === own.tHead.textContent) {
      own.querySelectorAll("tbody th, tbody td").forEach((cell) => swap(cell, page.getElementById(cell.id), busy));
      for (const row of own.tBodies[0].rows) row.className = page.getElementById(row.id).className;
    } else {
      own.replaceWith(rows);
    }
    drafts.sent(form, sent);
    giveBack();
    const wrong = form.querySelectorAll("[aria-invalid]").length;
    said.textContent = wrong ? `已保存，还有 ${wrong} 处要改。` : "已保存，没有要改的了。";
    said.classList.remove("text-danger");
  }

  function showQuestions(fresh, busy) {
    const own = document.getElementById("import-slots");
    const ids = (questions) => [...questions.children].map((one) => one.id).join(" ");
    if (ids(own) !== ids(fresh)) own.replaceWith(fresh);
    else for (const one of [...own.children]) swap(one, fresh.querySelector(`#${one.id}`), busy);
  }

  function swap(cell, fresh, busy) {
    if (!cell.id || !fresh) return;
    const field = cell.querySelector("[name*=':']");
    const other = fresh.querySelector("[name*=':']");
    if (!cell.contains(busy) || !field || !other || field.tagName !== other.tagName) {
      cell.replaceWith(fresh);
      return;
    }
    settle(field, other);
    field.className = other.className;
    for (const name of ["aria-invalid", "aria-describedby"]) {
      if (other.hasAttribute(name)) field.setAttribute(name, other.getAttribute(name));
      else field.removeAttribute(name);
    }
    while (field.nextSibling) field.nextSibling.remove();
    while (other.nextSibling) cell.append(other.nextSibling);
  }

  // What the server has of a field that stays: only what differs from it is yet to be sent.
  function settle(field, other) {
    if (!field.options) field.defaultValue = other.defaultValue;
    else for (const option of field.options) option.defaultSelected = option.value === other.value;
  }

  // ------------------------------------------------------------------ when
  form.addEventListener("change", () => save());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(event.submitter);
  });
  document.addEventListener("click", pressSettled, true);
  document.addEventListener("pointerdown", hold, true);
  addEventListener("online", () => { if (isUnsent()) save(); });
  addEventListener("focus", () => { if (ended) save(); });
  form.addEventListener("draft:restored", () => save());
}
