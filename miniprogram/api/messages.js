// @ts-check
const { read, write } = require("./request");

/**
 * WeChat's message templates of this deployment, by our names.
 * @returns {Promise<import("./types").Page<import("./types").MessageTemplate>>}
 */
function listTemplates() {
  return read("/message-templates");
}

/**
 * The person has said yes to so many messages of each template.
 * @param {Record<string, number>} said by our names
 * @param {string} key one for each answer of theirs; the same for its repeats
 */
function reportCredits(said, key) {
  return write("POST", "/me/message-credits", said, { key });
}

module.exports = { listTemplates, reportCredits };
