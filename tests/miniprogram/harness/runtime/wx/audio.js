// @ts-check
// Sounds of the package: heard in the preview, written down for tests.
import { fileAddress } from "../dom.js";
import { harness, recordError } from "../record.js";

harness.sounds = [];

/** One player, as wx.createInnerAudioContext gives it. */
class InnerAudioContext {
  src = "";
  element = new Audio();

  play() {
    harness.sounds.push(this.src);
    this.element.src = fileAddress(this.src, "app");
    this.element.onerror = () => recordError("wx.createInnerAudioContext", `can't play ${this.src}`);
    // A browser lets nothing be heard before its page has been touched, and cuts off what is stopped.
    this.element.play().catch(() => undefined);
  }

  stop() {
    this.element.pause();
  }
}

export const audio = { createInnerAudioContext: () => new InnerAudioContext() };
