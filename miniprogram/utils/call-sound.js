// @ts-check
// A call is heard too: two tones and a spoken sentence of the package's own
// (miniprogram/sounds/README.md). A phone that is set to silent stays silent; it vibrates all the same.

const STORAGE_KEY = "call-sound";
const CALLED = "/sounds/called.mp3";

/** @type {WechatMiniprogram.InnerAudioContext | null} */
let player = null;

/** Whether calls are heard on this phone; they are until somebody turns it off. */
function isOn() {
  return wx.getStorageSync(STORAGE_KEY) !== false;
}

/**
 * Whoever turns it on hears at once what it is.
 * @param {boolean} on
 */
function setOn(on) {
  wx.setStorageSync(STORAGE_KEY, on);
  if (on) play();
  else player?.stop();
}

/** From its beginning, also while it is still heard. */
function play() {
  if (!isOn()) return;
  if (!player) {
    player = wx.createInnerAudioContext();
    player.src = CALLED;
  }
  player.stop();
  player.play();
}

module.exports = { isOn, setOn, play };
