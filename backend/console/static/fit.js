// Whatever is printed fits its paper: text that is too long for its place is set smaller.
//
// `data-fit="--name"` on a place: print.css sizes its text by that property. A place within a place
// is fitted first.
"use strict";

(() => {
  const SMALLER = 0.95, SMALLEST = 0.1;

  function isTooLong(place) {
    // Of one line the height says nothing: letters reach out of a low line.
    const isLine = getComputedStyle(place).whiteSpace === "nowrap";
    const isTooHigh = !isLine && place.scrollHeight > place.clientHeight;
    return isTooHigh || place.scrollWidth > place.clientWidth;
  }

  function fit(place) {
    for (let scale = 1; scale > SMALLEST && isTooLong(place); scale *= SMALLER) {
      place.style.setProperty(place.dataset.fit, scale * SMALLER);
    }
  }

  document.fonts.ready.then(() => {
    [...document.querySelectorAll("[data-fit]")].reverse().forEach(fit);
  });
})();
