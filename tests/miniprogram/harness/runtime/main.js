// @ts-check
import "./record.js";
import "./wxs.js";
import "./wx/index.js";
import "./codes.js";
import "./hover.js";
import { start } from "./router.js";

/** @type {any} */ (globalThis).startMiniProgram = start;
