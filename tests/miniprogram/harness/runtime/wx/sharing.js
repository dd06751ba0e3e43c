// @ts-check
// Passing a page on, by a button or by the menu: what the page says of itself, written down.
import { fileAddress } from "../dom.js";
import { harness, recordError } from "../record.js";
import { parse, topPage } from "../router.js";

harness.shared = [];
harness.share = () => share("menu");
harness.shareTimeline = () => {
  const { path, caller } = topPage();
  if (!caller.onShareTimeline) throw new Error(`${path} is not for the timeline`);
  const { title, query, imageUrl } = topPage().call("onShareTimeline");
  keep({ title, path: `/${path}?${query}`, imageUrl });
};

/**
 * @param {"menu" | "button"} from
 * @param {any} [target] the button
 */
export async function share(from, target) {
  const { path, caller } = topPage();
  if (!caller.onShareAppMessage) {
    recordError("share", `${path} has no onShareAppMessage`);
    return;
  }
  // WeChat waits three seconds for what the page still promises.
  const { promise, ...now } = topPage().call("onShareAppMessage", { from, target });
  keep((await promise) || now);
}

/** @param {{ title?: string, path: string, imageUrl?: string }} card */
async function keep({ title = "", path, imageUrl = "" }) {
  parse(path);
  harness.shared.push({ title, path, imageUrl });
  if (!imageUrl) return;
  const picture = new Image();
  picture.onerror = () => recordError("share", `no picture ${imageUrl}`);
  picture.src = fileAddress(imageUrl, "app");
}
