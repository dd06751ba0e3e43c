// @ts-check
// The camera. What it sees comes from tests (`__harness.scan`), or from the preview's camera box.
import { showCamera } from "../overlays.js";
import { harness } from "../record.js";
import { later } from "./call.js";

/** @typedef {{ result: string, scanType: string, charSet: string, rawData: string, path?: string }} Seen */

/** @type {Seen[]} seen before anybody scanned */
const queue = [];
/** @type {{ see: (seen: Seen) => void, cancel: () => void } | null} */
let waiting = null;

harness.scan = (given) => {
  const seen = typeof given === "string" ? { result: given } : given;
  const whole = { result: "", scanType: seen.path ? "WX_CODE" : "QR_CODE", charSet: "utf-8", rawData: "", ...seen };
  if (waiting) waiting.see(whole);
  else queue.push(whole);
};

harness.cancelScan = () => waiting?.cancel();

/** @returns {Promise<Seen>} */
function scan() {
  const seen = queue.shift();
  if (seen) return Promise.resolve(seen);
  tellPreview(true);
  return new Promise((resolve, reject) => {
    const camera = showCamera(() => waiting?.cancel());
    const end = () => {
      waiting = null;
      camera.close();
      tellPreview(false);
    };
    waiting = {
      see(/** @type {Seen} */ found) {
        end();
        resolve(found);
      },
      cancel() {
        end();
        reject("cancel");
      },
    };
  });
}

/** @param {boolean} open */
function tellPreview(open) {
  if (window.parent !== window) window.parent.postMessage({ camera: open }, location.origin);
}

window.addEventListener("message", ({ origin, data }) => {
  if (origin === location.origin && data?.scan) harness.scan(data.scan);
});

export const scanning = { scanCode: later("scanCode", scan) };
