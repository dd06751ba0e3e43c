// What somebody has typed stays in this tab until the server has it (docs/adr/0028): another form of
// the page, an ended login, a wrong link or a full disk must not cost anybody their words.
//
// A draft is what one person has changed in one form: { fields: { name: values }, shown: { name:
// value }, lost: [label] }, under the person's id and the form's address (or its data-draft). `shown` are the
// hidden fields that say which version was on the page, so that a colleague's later change is still
// told. Passwords, codes, phone numbers and files are never kept, unless it is a number that everybody
// is to read (data-public); data-unkept leaves out more. What was typed and not kept is named when the
// rest is back (`lost`).
//
// A form that a script of its own sends piece by piece (data-in-pieces, import.js) asks here what the
// server lacks, and says what it has; pieces that the page does not show just now are kept too.
"use strict";

const drafts = (() => {
  const PREFIX = "draft:";
  const OF_EVERY_FORM = ["csrf_token", "_key"];
  const UNKEPT_TYPES = ["hidden", "password", "file", "tel", "submit", "button", "reset", "image"];
  const UNKEPT_NAMES = /(^|_)(phone|code|password|who)$/;
  const said = (name) => document.querySelector(`meta[name="${name}"]`)?.content;
  const user = said("user");
  const refusedPath = said("refused");
  let leaving = false;

  const stored = () => Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
  const forget = (keys) => { for (const key of keys) sessionStorage.removeItem(key); };
  // By attribute: a button named "action" would hide the form's own.
  const pathOf = (form) => new URL(form.getAttribute("action") || "", location.href).pathname;
  const addressOf = (form) => form.dataset.draft || pathOf(form);
  const keyOf = (form) => `${PREFIX}${user}:${addressOf(form)}`;
  const read = (form) => JSON.parse(sessionStorage.getItem(keyOf(form)));
  const inPieces = (form) => form?.dataset.inPieces !== undefined;
  const isKept = (field) => field.name && field.matches("input, select, textarea")
    && (field.dataset.public !== undefined || !UNKEPT_TYPES.includes(field.type) && !UNKEPT_NAMES.test(field.name))
    && (field.autocomplete !== "off" || inPieces(field.form)) && !field.closest("[data-unkept]");
  const isChoice = (field) => field.type === "checkbox" || field.type === "radio";
  const fieldsOf = (form) => [...form.elements].filter(isKept);
  const isRefused = (form) => refusedPath === pathOf(form);
  // What somebody has typed that is not kept, as its label calls it.
  const lostOf = (form) => [...form.elements]
    .filter((field) => field.matches("input:not([type=hidden])") && UNKEPT_NAMES.test(field.name) && !isKept(field))
    .filter((field) => field.value !== field.defaultValue && field.labels?.length)
    .map((field) => field.labels[0].textContent.trim());
  const hiddenOf = (form) => [...form.elements]
    .filter((field) => field.type === "hidden" && !OF_EVERY_FORM.includes(field.name));

  // A field's values by its name: as they stand, or as the server wrote them.
  function valuesOf(form, asWritten) {
    const values = {};
    for (const field of fieldsOf(form)) {
      const own = (values[field.name] ||= []);
      if (isChoice(field)) { if (asWritten ? field.defaultChecked : field.checked) own.push(field.value); }
      else if (field.options) own.push(asWritten ? writtenOption(field) : field.value);
      else own.push(asWritten ? field.defaultValue : field.value);
    }
    return values;
  }

  function writtenOption(select) {
    const options = [...select.options];
    return (options.find((option) => option.defaultSelected) || options[0])?.value ?? "";
  }

  const same = (some, others) => JSON.stringify(some) === JSON.stringify(others);

  function changesOf(form) {
    const [now, written] = [valuesOf(form, false), valuesOf(form, true)];
    return Object.fromEntries(Object.entries(now).filter(([name, values]) => !same(values, written[name])));
  }

  // What is refused stands in the page as if the server had it.
  const isChanged = (form) => isRefused(form) || Object.keys(changesOf(form)).length > 0;

  const isUnsaved = (form) => read(form) && (inPieces(form) || isChanged(form));

  function keep(form) {
    const [now, before] = [valuesOf(form, false), read(form)?.fields ?? {}];
    // What two have changed is chosen in place of its field, and still somebody's words.
    const fields = inPieces(form) || isRefused(form) ? { ...before } : {};
    for (const name of [...Object.keys(changesOf(form)), ...Object.keys(before)]) if (name in now) fields[name] = now[name];
    store(form, fields, inPieces(form) ? Object.keys(fields).length > 0 : isChanged(form));
  }

  function store(form, fields, worthIt) {
    const shown = Object.fromEntries(hiddenOf(form).map((field) => [field.name, field.value]));
    if (worthIt) sessionStorage.setItem(keyOf(form), JSON.stringify({ fields, shown, lost: lostOf(form) }));
    else sessionStorage.removeItem(keyOf(form));
  }

  // Of a form in pieces: what the server lacks, words by name.
  function unsent(form) {
    keep(form);
    return Object.fromEntries(Object.entries(read(form)?.fields ?? {}).map(([name, [words]]) => [name, words]));
  }

  // The server has these words. What was typed meanwhile stands in the page again, and is kept.
  function sent(form, had) {
    const fields = read(form)?.fields ?? {};
    for (const [name, words] of Object.entries(had)) if (fields[name]?.[0] === words) delete fields[name];
    fill(form, fields);
    store(form, fields, Object.keys(fields).length > 0);
  }

  function restore(form) {
    const draft = read(form);
    if (!draft) return;
    if (inPieces(form)) {
      fill(form, draft.fields);
      tellRestored(form);
      return;
    }
    while (lacksFields(form, draft.fields)) form.querySelector("[data-add-day]").click();
    const now = valuesOf(form, false);
    const others = Object.keys(draft.fields).filter((name) => name in now && !same(now[name], draft.fields[name]));
    if (isRefused(form)) {
      // The page shows what was typed, and what stands now beside it.
      if (others.length) put(form, draft.fields);
      keep(form);
      return;
    }
    if (others.length === 0) { if (!isChanged(form)) forget([keyOf(form)]); return; }
    const shown = hiddenOf(form).map((field) => [field, field.value]);
    put(form, draft.fields);
    for (const [field] of shown) if (field.name in draft.shown) field.value = draft.shown[field.name];
    form.closest("details")?.setAttribute("open", "");
    tell(form, shown, draft.lost ?? []);
  }

  function lacksFields(form, fields) {
    const there = form.querySelector("[data-add-day]") ? form.querySelectorAll("[name=on]").length : Infinity;
    return there < (fields.on?.length ?? 0);
  }

  function put(form, fields) {
    fill(form, fields);
    tellOthers(form);
    tellRestored(form);
  }

  // What is said of a field while it is typed is said of what came back, too.
  function tellRestored(form) {
    form.dispatchEvent(new CustomEvent("draft:restored"));
  }

  function fill(form, fields) {
    const left = structuredClone(fields);
    for (const field of fieldsOf(form)) {
      if (!(field.name in left)) continue;
      if (isChoice(field)) field.checked = left[field.name].includes(field.value);
      else {
        const value = left[field.name].shift() ?? "";
        // What can't be chosen any more is left as the page has it.
        const there = !field.options || [...field.options].some((option) => option.value === value);
        if (there && field.value !== value) field.value = value;
      }
    }
  }

  // Scripts that follow a choice follow this one too.
  function tellOthers(form) {
    for (const field of fieldsOf(form)) if (field.options || isChoice(field)) field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function tell(form, shown, lost) {
    const note = document.createElement("div");
    note.className = "alert alert-warning draft-note";
    note.setAttribute("role", "status");
    const words = document.createElement("div");
    const again = lost.length ? `${lost.map((label) => `「${label}」`).join("")}没有保留，请再填一次。` : "";
    words.textContent = `已恢复您刚才填写的内容，还没有保存。${again}`;
    const clear = document.createElement("button");
    Object.assign(clear, { type: "button", className: "btn btn-sm", textContent: "清除" });
    clear.addEventListener("click", () => {
      form.reset();
      forget([keyOf(form)]);
      for (const [field, value] of shown) field.value = value;
      tellOthers(form);
      note.remove();
    });
    note.append(words, clear);
    (form.querySelector(".card-body") || form).prepend(note);
  }

  // The back button brings a form back whose key was used: a browser that brings its text back too
  // sends the same form again, and must not make a second of what it made.
  function keepKeys() {
    const keys = { ...(history.state?.keys ?? {}) };
    for (const field of document.querySelectorAll("input[name=_key][data-makes]")) {
      const address = addressOf(field.form);
      if (keys[address] && Object.keys(changesOf(field.form)).length) field.value = keys[address];
      else keys[address] = field.value;
    }
    if (Object.keys(keys).length) history.replaceState({ ...history.state, keys }, "");
  }

  const forms = () => [...document.querySelectorAll("form[method=post]")].filter((form) => fieldsOf(form).length);

  window.addEventListener("pageshow", () => {
    leaving = false;
    const kept = document.querySelector("[data-drafts-kept]");
    if (kept) kept.hidden = stored().length === 0;
    if (!user) return;
    forget(stored().filter((key) => !key.startsWith(`${PREFIX}${user}:`)));
    for (const done of JSON.parse(said("done") || "[]")) forget([`${PREFIX}${user}:${done}`]);
    keepKeys();
    for (const form of forms()) restore(form);
  });

  for (const event of ["input", "change"]) {
    document.addEventListener(event, ({ target }) => {
      const watched = user && target.form?.matches("form[method=post]");
      if (watched && (isKept(target) || UNKEPT_NAMES.test(target.name) && read(target.form))) keep(target.form);
    });
  }

  // Leaving asks; a form that is sent does not leave. What a browser brought back by itself was sent.
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && user && forms().some(isUnsaved)) event.preventDefault();
  });
  document.addEventListener("submit", ({ target, submitter, defaultPrevented }) => {
    if (defaultPrevented || !target.matches("form[method=post]")) return;
    if ([target, submitter].some((one) => one?.dataset.download !== undefined)) return;
    leaving = true;
    if (target.dataset.logout !== undefined) forget(stored());
  });

  // Logging out drops what was typed, so it asks first. Before the listener that asks.
  document.addEventListener("submit", ({ target }) => {
    if (target.dataset.logout !== undefined && stored().length) target.dataset.confirm = "还有填写了没有保存的内容，退出后不再保留。确定退出？";
  }, true);

  return { unsent, sent };
})();
