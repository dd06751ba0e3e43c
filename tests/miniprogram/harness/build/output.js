// @ts-check
// The files of the folder that is served under /preview/.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build as bundle } from "esbuild";
import { scopeOf } from "./styles.js";

const HARNESS = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const ASSET = /\.(mp3|png|jpe?g|gif|svg|webp|ttf|woff2?)$/i;

/**
 * @param {string} out emptied first
 * @param {import("./project.js").Project} project
 * @param {import("./templates.js").Templates} templates
 * @param {import("./index.js").Styles} styles
 * @param {{ code: string, map: string }} scripts
 */
export async function writeOutput(out, project, templates, styles, scripts) {
  fs.rmSync(out, { recursive: true, force: true });
  fs.mkdirSync(out, { recursive: true });
  const write = (/** @type {string} */ name, /** @type {string} */ text) => fs.writeFileSync(path.join(out, name), text);
  write("app.js", `${scripts.code}//# sourceMappingURL=app.js.map\n`);
  write("app.js.map", scripts.map);
  write("definition.js", definition(project, templates, styles));
  await bundleHarness(out);
  copyAssets(project.root, path.join(out, "files"));
  for (const page of ["app.html", "index.html"]) {
    fs.copyFileSync(path.join(HARNESS, "preview", page), path.join(out, page));
  }
}

/**
 * What the runtime needs to know of the mini-program beside its scripts.
 * @param {import("./project.js").Project} project
 * @param {import("./templates.js").Templates} templates
 * @param {import("./index.js").Styles} styles
 */
function definition(project, templates, styles) {
  const units = Object.fromEntries(
    [...project.units.values()].map(({ path: name, isPage, config, using }) => [name, { isPage, config, using, scope: scopeOf(name) }]),
  );
  return [
    `globalThis.miniprogram = ${JSON.stringify({ app: project.app, pages: project.pages, units, styles }, null, 1)};`,
    `miniprogram.templates = ${templates.code};`,
    "",
  ].join("\n");
}

/** @param {string} out */
async function bundleHarness(out) {
  await bundle({
    entryPoints: {
      runtime: path.join(HARNESS, "runtime/main.js"),
      qr: path.join(HARNESS, "runtime/qr.js"),
      preview: path.join(HARNESS, "preview/preview.js"),
      harness: path.join(HARNESS, "runtime/harness.css"),
      "preview-style": path.join(HARNESS, "preview/preview.css"),
    },
    outdir: out,
    bundle: true,
    format: "iife",
    target: "es2020",
    charset: "utf8",
    sourcemap: true,
    logLevel: "warning",
  });
}

/**
 * @param {string} root
 * @param {string} out
 */
function copyAssets(root, out) {
  for (const file of fs.readdirSync(root, { recursive: true, encoding: "utf8" })) {
    if (!ASSET.test(file)) continue;
    fs.mkdirSync(path.join(out, path.dirname(file)), { recursive: true });
    fs.copyFileSync(path.join(root, file), path.join(out, file));
  }
}
