// @ts-check
// node tests/miniprogram/harness/build.js [--source DIR] [--out DIR]
//
// Without --out everything is checked and nothing written. The exit code is 1 when something is
// wrong; each problem is a line with its file.
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "./build/index.js";
import { BuildError } from "./build/problems.js";

const MINIPROGRAM = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../../miniprogram");

const { values } = parseArgs({ options: { source: { type: "string" }, out: { type: "string" } } });
try {
  const { pages, components } = await build({ source: values.source ?? MINIPROGRAM, out: values.out });
  console.log(`${pages} pages, ${components} components`);
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
