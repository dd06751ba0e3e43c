// @ts-check

const PATTERN = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";

/**
 * A random UUID (version 4): the key of a write, the id of a scan. It need not be hard to guess,
 * only unique.
 */
function uuid() {
  return PATTERN.replace(/[xy]/g, (place) => {
    const random = Math.floor(Math.random() * 16);
    return (place === "x" ? random : (random % 4) + 8).toString(16);
  });
}

module.exports = { uuid };
