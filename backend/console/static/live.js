// Parts of a page that refresh by themselves: <div data-live="address" data-every="seconds"
// data-at="instant of what is shown">. The answer's elements with data-into="id" replace what the
// element of that id holds.
//
// While the server can't be reached, what is shown stays, the page says of when it is, and asks less
// and less often. Tells the page of each answer with "live:fresh" (detail: { at, answer }; answer is null
// where nothing has changed), and with "live:state" (detail: { state, before }) when it becomes
// fresh, away, ended (logged out) or gone.
"use strict";

const LONGEST_PAUSE_MS = 30_000;
const PATIENCE_MS = 10_000;

function shanghai(instant, seconds) {
  const parts = { hour: "numeric", minute: "2-digit", ...(seconds && { second: "2-digit" }) };
  return new Intl.DateTimeFormat("zh-CN", { ...parts, hourCycle: "h23", timeZone: "Asia/Shanghai" }).format(instant);
}

class Live {
  constructor(element) {
    this.element = element;
    this.every = 1000 * Number(element.dataset.every);
    this.at = new Date(element.dataset.at);
    this.notice = document.querySelector("[data-live-notice]");
    this.failures = 0;
    this.tag = null;
    this.asked = 0;
    this.showTime();
    this.waitFor(this.every);
    // The browser notices a lost or a new network before the next question does.
    for (const change of ["online", "offline"]) addEventListener(change, () => this.refresh());
  }

  waitFor(pause) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), pause);
  }

  async refresh() {
    const asked = ++this.asked;
    clearTimeout(this.timer);
    this.element.dataset.asking = "";
    let pause;
    try {
      pause = this.understand(await this.ask());
    } catch {
      // The network is away, or the server does not answer, or somebody else does.
      this.failures += 1;
      this.say("away", `网络断开，显示的是 ${shanghai(this.at)} 的情况`);
      pause = Math.min(this.every * 2 ** this.failures, LONGEST_PAUSE_MS);
    }
    // The browser may have told of the network meanwhile, and so begun another question.
    if (asked !== this.asked) return;
    delete this.element.dataset.asking;
    this.waitFor(pause);
  }

  // As htmx asks: a session that has ended is then answered by its status, not by the login page.
  async ask() {
    const headers = { "HX-Request": "true", ...(this.tag && { "If-None-Match": this.tag }) };
    const answer = await fetch(this.element.dataset.live, { cache: "no-store", headers, signal: AbortSignal.timeout(PATIENCE_MS) });
    return { answer, text: await answer.text() };
  }

  // Takes an answer; answers how long to wait before the next question.
  understand({ answer, text }) {
    if (answer.status === 401) {
      this.say("ended", `已自动退出登录，显示的是 ${shanghai(this.at)} 的情况。`, answer.headers.get("HX-Redirect"));
      return LONGEST_PAUSE_MS;
    }
    if (answer.status === 403 || answer.status === 404) {
      this.say("gone", "这个页面已经不能查看了");
      return LONGEST_PAUSE_MS;
    }
    const fresh = answer.status === 200 ? parsed(text) : null;
    if (answer.status !== 304 && !fresh) throw new Error(`answered ${answer.status}`);
    if (fresh) this.show(fresh, answer.headers.get("ETag"));
    this.failures = 0;
    this.at = new Date(answer.headers.get("Date") || Date.now());
    this.say("fresh", "");
    this.showTime();
    this.tell("live:fresh", { at: this.at, answer: fresh });
    return this.every;
  }

  show(fresh, tag) {
    this.tag = tag;
    const giveBack = holdFocus();
    for (const part of fresh.querySelectorAll("[data-into]")) {
      const place = document.getElementById(part.dataset.into);
      if (place && place.innerHTML !== part.innerHTML) place.replaceChildren(...part.cloneNode(true).childNodes);
    }
    giveBack();
  }

  tell(event, detail) {
    this.element.dispatchEvent(new CustomEvent(event, { bubbles: true, detail }));
  }

  showTime() {
    for (const time of document.querySelectorAll("[data-live-time]")) time.textContent = shanghai(this.at, true);
  }

  say(state, words, login) {
    const before = document.body.dataset.liveState;
    document.body.dataset.liveState = state;
    if (state !== before) this.tell("live:state", { state, before });
    if (!this.notice || this.notice.dataset.words === words) return;
    this.notice.dataset.words = words;
    this.notice.replaceChildren(words);
    if (!login) return;
    // In a page of its own: this one goes on by itself once somebody has logged in.
    const link = Object.assign(document.createElement("a"), { href: login, target: "_blank", textContent: "重新登录" });
    this.notice.append(link);
  }
}

// An answer's parts; null for a page of somebody else's, as a network's own login.
function parsed(text) {
  const holder = new DOMParser().parseFromString(text, "text/html").body;
  return holder.querySelector("[data-into]") ? holder : null;
}

for (const element of document.querySelectorAll("[data-live]")) new Live(element);

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-fullscreen]")) return;
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen();
});
