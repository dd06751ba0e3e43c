// The calling display: a number that has just been called stands out for a while and is spoken;
// where there are more stalls than fit, they are shown in turn.
"use strict";

const STANDS_OUT_MS = 15_000;
// After a lost network, what was called longer ago is not spoken any more.
const SPOKEN_WITHIN_MS = 60_000;
const TURN_MS = 12_000;
// Each call is spoken twice; only once while others wait to be spoken.
const TIMES = 2;
const CROWDED = 3;
const LONGEST_SPEECH_MS = 15_000;

const live = document.querySelector("[data-live]");
const calls = () => [...document.querySelectorAll("[data-call]")];
const keyOf = (card) => `${card.dataset.call} ${card.dataset.calledAt}`;

// ---------------------------------------------------------------------------- voice

class Voice {
  constructor(button) {
    this.button = button;
    this.words = button.querySelector("[data-voice-words]");
    this.notice = document.querySelector("[data-voice-notice]");
    this.on = false;
    this.queue = [];
    this.speaking = null;
    button.addEventListener("click", () => this.turn(!this.on));
    if (window.speechSynthesis) speechSynthesis.addEventListener?.("voiceschanged", () => this.check());
  }

  chinese() {
    return window.speechSynthesis?.getVoices().find((voice) => /^(zh|cmn)/i.test(voice.lang));
  }

  // Browsers speak only after somebody has pressed something: so does the first sentence.
  turn(on) {
    this.on = on;
    this.queue = [];
    if (!on) this.stop();
    this.button.setAttribute("aria-pressed", String(on));
    this.words.textContent = on ? "关闭语音" : "打开语音";
    this.check();
    if (on) this.add({ key: "on", text: "语音已打开", times: 1 });
  }

  check() {
    this.notice.hidden = !this.on || Boolean(this.chinese());
    this.notice.textContent = "这台电脑没有中文语音，叫号不会朗读。请在系统设置里安装中文语音，再刷新本页。";
    if (this.chinese()) this.next();
  }

  add(sentence) {
    if (!this.on) return;
    this.queue.push(sentence);
    this.next();
  }

  // Numbers that are no longer called need not be spoken.
  keepOnly(keys) {
    this.queue = this.queue.filter((sentence) => sentence.key === "on" || keys.has(sentence.key));
  }

  next() {
    const voice = this.chinese();
    if (this.speaking || !voice || !this.queue.length) return;
    const sentence = this.queue[0];
    sentence.times -= 1;
    if (sentence.times <= 0 || this.queue.length > CROWDED) this.queue.shift();
    const speech = new SpeechSynthesisUtterance(sentence.text);
    Object.assign(speech, { voice, lang: voice.lang, rate: 0.9 });
    this.speaking = speech;
    const done = () => {
      if (this.speaking !== speech) return;
      clearTimeout(this.watch);
      this.speaking = null;
      this.next();
    };
    speech.onend = speech.onerror = done;
    // Some engines forget to say that they are done.
    this.watch = setTimeout(() => { speechSynthesis.cancel(); done(); }, LONGEST_SPEECH_MS);
    speechSynthesis.speak(speech);
  }

  stop() {
    clearTimeout(this.watch);
    this.speaking = null;
    window.speechSynthesis?.cancel();
  }
}

const voice = new Voice(document.querySelector("[data-voice]"));
const known = new Set();

function announce(at) {
  const now = new Set(calls().map(keyOf));
  voice.keepOnly(now);
  for (const key of [...known]) if (!now.has(key)) known.delete(key);
  // The one called first is spoken first.
  for (const card of calls().sort((a, b) => a.dataset.calledAt.localeCompare(b.dataset.calledAt))) {
    const key = keyOf(card), age = at - new Date(card.dataset.calledAt);
    card.classList.toggle("just-called", age < STANDS_OUT_MS);
    if (known.has(key)) continue;
    known.add(key);
    if (age > SPOKEN_WITHIN_MS) continue;
    showPageOf(card);
    voice.add({ key, text: card.dataset.spoken, times: TIMES });
  }
}

// ---------------------------------------------------------------------------- in turn

const pages = () => [...document.querySelectorAll("[data-page]")];
let shown = 0;
let turning;

function showPage(number) {
  const all = pages();
  shown = all.length ? number % all.length : 0;
  all.forEach((page, index) => { page.hidden = index !== shown; });
  const where = document.querySelector("[data-pages]");
  where.hidden = all.length < 2;
  where.textContent = `第 ${shown + 1} 屏，共 ${all.length} 屏`;
  clearTimeout(turning);
  if (all.length > 1) turning = setTimeout(() => showPage(shown + 1), TURN_MS);
}

function showPageOf(card) {
  const number = pages().indexOf(card.closest("[data-page]"));
  if (number !== shown) showPage(number);
}

live.addEventListener("live:fresh", ({ detail: { at, answer } }) => {
  // What has been replaced shows its first screen again.
  if (answer) showPage(shown);
  announce(at);
});
showPage(0);
announce(new Date(live.dataset.at));
