// @ts-check
const { read, write } = require("../../../api/request");

/** @typedef {import("../../../api/openapi").ConsoleLoginAnswer} ConsoleLogin */

const QR_PREFIX = "wushe-login:";

/**
 * The login code in what was scanned; empty where it is some other code.
 * @param {string} scanned
 */
function loginCode(scanned) {
  return scanned.startsWith(QR_PREFIX) ? scanned.slice(QR_PREFIX.length) : "";
}

/**
 * Which browser asks to be let in with this code.
 * @param {string} code
 * @returns {Promise<ConsoleLogin>}
 */
function getConsoleLogin(code) {
  return read(`/console-logins/${code}`, { login: true });
}

/**
 * Let that browser into the console, as me.
 * @param {string} code
 */
function confirmConsoleLogin(code) {
  return write("POST", `/console-logins/${code}/confirm`);
}

module.exports = { loginCode, getConsoleLogin, confirmConsoleLogin };
