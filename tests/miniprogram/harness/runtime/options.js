// @ts-check
// ?user= &path= &scene= &fontScale=

const query = new URLSearchParams(location.search);

export const options = {
  /** Who holds the phone: the stand-in WeChat logs them in with the code ok:<user>. */
  user: query.get("user") || "resident",
  /** The page to open, with its own query; empty for the first one. */
  path: query.get("path") || "",
  /** The scene of a printed code that opened the mini-program. */
  scene: query.get("scene") || "",
  /** The text size set in WeChat, as a factor. */
  fontScale: Number(query.get("fontScale")) || 1,
};
