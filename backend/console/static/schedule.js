// The schedule: its calendar, and what helps with lists and forms. Without it the list does all.
"use strict";

// How many activities of a day are drawn; the rest stands behind 「还有 N 场」.
const MOST = { month: 4, week: 12 };
const USUAL_HOURS = { slotMinTime: "07:00", slotMaxTime: "21:00" };
const VIEWS = { month: "dayGridMonth", week: "timeGridWeek" };

// ---------------------------------------------------------------------------- calendar

// Times come as a clock in Shanghai shows them and are drawn as they are: to the calendar they are
// UTC, so that the browser's own zone changes nothing.
function shanghaiNow() {
  return new Date(Date.now() + 8 * 3600 * 1000).toISOString().slice(0, 19);
}

function dayBefore(day) {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() - 1);
  return date.toISOString().slice(0, 10);
}

function withParameters(address, parameters) {
  const url = new URL(address, location.href);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.toString();
}

function drawCalendar(box) {
  const view = box.dataset.calendar;
  const states = new Map(JSON.parse(box.querySelector("script").textContent).map((one) => [one.state, one]));
  const calendar = new FullCalendar.Calendar(box, {
    initialView: VIEWS[view],
    initialDate: box.dataset.on,
    locale: "zh-cn",
    timeZone: "UTC",
    now: shanghaiNow,
    height: "auto",
    slotDuration: "01:00",
    ...USUAL_HOURS,
    nowIndicator: true,
    eventOrder: "order,start,title",
    eventDurationEditable: false,
    eventDisplay: "block",
    slotEventOverlap: false,
    allDayText: "更多",
    headerToolbar: false,
    events: (range, done) => load(box, view, states, range).then((events) => {
      showHours(calendar, events);
      done(events);
    }, () => {
      refuse("网络不太好，这段时间的活动没有取到，请稍后再试");
      done([]);
    }),
    eventContent: (part) => content(box, part),
    eventDidMount: ({ event, el }) => { el.title = event.extendedProps.hint || ""; },
    datesSet: ({ view: shown }) => {
      document.querySelector("[data-calendar-title]").textContent = shown.title;
      remember(calendar.getDate().toISOString().slice(0, 10));
    },
    // A cell's name would be its date alone, though there are activities to be read in it.
    dayCellDidMount: ({ el }) => el.removeAttribute("aria-labelledby"),
    // One move at a time: the next would be sent with a version that the last has made old.
    eventAllow: () => !box.dataset.moving,
    eventDrop: (drop) => move(box, calendar, drop),
  });
  calendar.render();
  const bar = document.querySelector("[data-calendar-bar]");
  bar.hidden = false;
  bar.addEventListener("click", ({ target }) => {
    const step = target.closest("[data-step]")?.dataset.step;
    if (step) calendar[step]();
  });
}

// The day's usual hours, unless something takes place at night.
function showHours(calendar, events) {
  const timed = events.filter((one) => one.start.length > 10);
  const night = timed.some((one) => one.start.slice(11) < USUAL_HOURS.slotMinTime
    || one.end.slice(11) > USUAL_HOURS.slotMaxTime || one.start.slice(0, 10) !== one.end.slice(0, 10));
  const hours = night ? { slotMinTime: "00:00", slotMaxTime: "24:00" } : USUAL_HOURS;
  for (const [name, value] of Object.entries(hours)) {
    if (calendar.getOption(name) !== value) calendar.setOption(name, value);
  }
}

async function load(box, view, states, range) {
  const first = range.startStr.slice(0, 10);
  const last = dayBefore(range.endStr.slice(0, 10));
  const address = withParameters(box.dataset.events, { from: first, to: last, most: MOST[view] });
  const answer = await fetch(address);
  if (answer.redirected) {
    // This page itself is answered with the login, and the way back to it.
    location.reload();
    return [];
  }
  const { days } = await answer.json();
  return days.flatMap((day) => eventsOf(box, states, day));
}

function eventsOf(box, states, { day, total, events }) {
  const drawn = events.map((one) => {
    const state = states.get(one.state);
    return {
      id: one.id,
      title: one.title,
      start: one.start,
      end: one.end,
      url: one.url,
      editable: one.movable,
      classNames: [`event-${state.colour}`],
      extendedProps: { ...one, state, order: 0, hint: `${state.words} ${one.title}\n${one.place}` },
    };
  });
  if (total > events.length) {
    drawn.push({
      title: `还有 ${total - events.length} 场`,
      start: day,
      allDay: true,
      url: withParameters(box.dataset.dayList, { from: day, to: day }),
      editable: false,
      classNames: ["event-more"],
      extendedProps: { order: 1, hint: `${day} 共 ${total} 场` },
    });
  }
  return drawn;
}

const clockOf = (date) => `${date.getUTCHours()}:${String(date.getUTCMinutes()).padStart(2, "0")}`;

// What goes on overnight is drawn in parts: when it begins stands on the day on which it does.
function whenOf({ event, isStart, isEnd }) {
  if (isStart) return clockOf(event.start);
  return isEnd ? `到 ${clockOf(event.end)}` : "全天";
}

function content(box, part) {
  const { event } = part;
  const { state } = event.extendedProps;
  const line = document.createElement("span");
  line.className = "event-line";
  if (state) {
    const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    icon.setAttribute("class", "icon");
    icon.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `${box.dataset.icons}#${state.icon}`);
    icon.append(use);
    const words = document.createElement("span");
    words.className = "visually-hidden";
    words.textContent = state.words;
    const time = document.createElement("span");
    time.className = "event-time";
    time.textContent = whenOf(part);
    line.append(icon, words, time);
  }
  line.append(event.title);
  return { domNodes: [line] };
}

// The day that is shown stays in the address, in the filters and when the view is changed.
function remember(day) {
  history.replaceState(null, "", withParameters(location.href, { on: day }));
  const field = document.querySelector("[data-calendar-day]");
  if (field) field.value = day;
  for (const link of document.querySelectorAll(".view-switch a:not([data-view=list])")) {
    link.href = withParameters(link.href, { on: day });
  }
}

const quoted = (title) => `「${title.replaceAll("「", "『").replaceAll("」", "』")}」`;
const inWords = (date) => `${date.getUTCMonth() + 1}月${date.getUTCDate()}日 ${clockOf(date)}`;

async function move(box, calendar, drop) {
  const { event, oldEvent } = drop;
  refuse("");
  tell("");
  if (event.allDay) return drop.revert();
  const question = `把${quoted(event.title)}从 ${inWords(oldEvent.start)} 移到 ${inWords(event.start)}？所有时段和报名时间一起移动。`;
  if (!(await ask(question))) return drop.revert();
  box.dataset.moving = "yes";
  tell("正在移动…");
  const refusal = await sendMove(box, event);
  if (refusal) drop.revert();
  await readAgain(calendar);
  delete box.dataset.moving;
  // That the calendar could not be read stays beside what became of the move.
  if (refusal) refuse(refusal);
  tell(refusal ? "" : `已移到 ${inWords(event.start)}`);
}

// Resolves when the calendar holds what the server has now, versions included.
function readAgain(calendar) {
  return new Promise((resolve) => {
    const settled = (busy) => {
      if (busy) return;
      calendar.off("loading", settled);
      resolve();
    };
    calendar.on("loading", settled);
    calendar.refetchEvents();
  });
}

// The same form as 「改期」; what it answers to a refusal is a page that says why.
async function sendMove(box, event) {
  const fields = new FormData(document.querySelector("[data-calendar-move]"));
  fields.set("starts_at", event.start.toISOString().slice(0, 16));
  fields.set("version", event.extendedProps.version);
  fields.delete("_key");
  let answer;
  try {
    answer = await fetch(event.extendedProps.move, { method: "POST", body: new URLSearchParams(fields) });
  } catch {
    return "网络不太好，没有移动，请稍后再试";
  }
  if (answer.redirected) {
    if (answer.url.includes(box.dataset.login)) location.reload();
    return null;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const inside = page.querySelectorAll("[role=alert], .invalid-feedback");
  const reasons = Array.from(inside.length ? inside : page.querySelectorAll("h1"), (one) => one.textContent.trim());
  return `没有移动：${reasons.filter(Boolean).join("；")}`;
}

function refuse(why) {
  const alert = document.querySelector("[data-calendar-refusal]");
  alert.textContent = why;
  alert.hidden = !why;
}

function tell(what) {
  document.querySelector("[data-calendar-done]").textContent = what;
}

for (const box of document.querySelectorAll("[data-calendar]")) drawCalendar(box);

// ---------------------------------------------------------------------------- several at once

const many = document.querySelector("form[data-many]");
if (many) {
  const boxes = () => Array.from(many.querySelectorAll("input[name=ids]"));
  const chosen = () => boxes().filter((box) => box.checked).length;
  const count = many.querySelector("[data-many-count]");
  const usual = count ? count.textContent : "";
  const all = many.querySelector("[data-many-all]");
  const say = () => { if (count) count.textContent = chosen() ? `已选 ${chosen()} 场` : usual; };
  many.addEventListener("change", (event) => {
    if (event.target === all) for (const box of boxes()) box.checked = all.checked;
    say();
  });
  // Going back, the browser ticks what was ticked, and says it to nobody.
  window.addEventListener("pageshow", say);
  // Before console.js asks: it asks what the pressed button would do, and with how many.
  many.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=action]");
    if (!button) return;
    if (!chosen()) {
      event.preventDefault();
      count.textContent = "请先勾选活动";
      return;
    }
    many.dataset.confirm = `${chosen()} 场活动：${button.dataset.manyWords}？要么全部完成，要么一场都不改。`;
  });
}

// A question that names how many were chosen.
for (const form of document.querySelectorAll("form[data-chosen]")) {
  const none = form.querySelector("[data-chosen-none]");
  const count = () => form.querySelectorAll(`input[name=${form.dataset.chosen}]:checked`).length;
  const say = () => {
    none.textContent = "";
    form.dataset.confirm = form.dataset.chosenWords.replace("{n}", count());
  };
  form.addEventListener("change", say);
  window.addEventListener("pageshow", say);
  // Before console.js asks: of nothing there is nothing to ask.
  form.addEventListener("click", (event) => {
    if (!event.target.closest("button:not([type=button])") || count()) return;
    event.preventDefault();
    none.textContent = "请至少勾选一场";
  });
}

// ---------------------------------------------------------------------------- forms

// Only the programme's own field is asked for.
for (const form of document.querySelectorAll("form[data-by-programme]")) {
  const show = () => {
    const programme = form.elements.programme.value;
    for (const [name, wanted] of [["field", "action"], ["kind", "exchange"]]) {
      const field = form.elements[name];
      field.closest(".mb-3").hidden = programme !== wanted && !field.classList.contains("is-invalid");
      if (programme !== wanted && programme) field.value = "";
    }
  };
  form.addEventListener("change", show);
  show();
}

// More days than the page has room for.
for (const button of document.querySelectorAll("[data-add-day]")) {
  button.hidden = false;
  const days = button.parentElement.querySelector("[data-days]");
  button.addEventListener("click", () => {
    const row = days.lastElementChild.cloneNode(true);
    const number = days.children.length;
    const [label, field] = [row.querySelector("label"), row.querySelector("input")];
    field.id = label.htmlFor = `on-${number}`;
    label.textContent = `第 ${number + 1} 个日期`;
    field.value = "";
    days.append(row);
    field.focus();
  });
}

// All communities of a town: those between its name and the next.
for (const button of document.querySelectorAll("[data-check-town]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const boxes = [];
    let next = button.parentElement.nextElementSibling;
    for (; next && next.matches("label"); next = next.nextElementSibling) boxes.push(next.querySelector("input"));
    const checked = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = checked;
  });
}

// A file that the server would refuse for its size is not sent first.
for (const field of document.querySelectorAll("input[data-most-bytes]")) {
  field.addEventListener("change", () => {
    const most = Number(field.dataset.mostBytes);
    const large = field.files.length && field.files[0].size > most;
    field.setCustomValidity(large ? `文件太大了，最大 ${most / 1000000} MB` : "");
    field.reportValidity();
  });
}
