// @ts-check
// The mini-program's JavaScript in one file, by esbuild: every page and component stays a module
// of its own, run when it is first needed, with WeChat's globals as the browser's.
import path from "node:path";
import { build as bundle } from "esbuild";

/**
 * @param {import("./project.js").Project} project
 * @param {import("./problems.js").Problems} problems
 * @returns {Promise<{ code: string, map: string }>}
 */
export async function bundleScripts(project, problems) {
  const modules = ["app", ...project.units.keys()].map(
    (name) => `  ${JSON.stringify(name)}: () => require(${JSON.stringify(`./${name}.js`)}),`,
  );
  const result = await bundle({
    stdin: { contents: `miniprogram.modules = {\n${modules.join("\n")}\n};`, resolveDir: project.root, sourcefile: "modules" },
    absWorkingDir: project.root,
    bundle: true,
    write: false,
    outfile: "app.js",
    format: "iife",
    target: "es2020",
    charset: "utf8",
    sourcemap: "external",
    sourcesContent: true,
    logLevel: "silent",
    plugins: [absolutePaths(project.root)],
  }).catch((failure) => failure);
  for (const { text, location } of [...(result.errors ?? []), ...(result.warnings ?? [])]) {
    problems.add(location?.file ?? "app.js", location?.line ?? 0, text);
  }
  if (!result.outputFiles) {
    if (!result.errors) throw result;
    return { code: "", map: "" };
  }
  const [map, code] = result.outputFiles;
  return { code: code.text, map: map.text };
}

/**
 * In a mini-program "/utils/x" means from its own root.
 * @param {string} root
 * @returns {import("esbuild").Plugin}
 */
function absolutePaths(root) {
  return {
    name: "absolute-paths",
    setup(build) {
      build.onResolve({ filter: /^\// }, ({ path: reference, importer, kind, pluginData }) => {
        if (pluginData === "resolved" || !importer) return undefined;
        return build.resolve(`.${reference}`, { resolveDir: root, kind, importer: path.basename(importer), pluginData: "resolved" });
      });
    },
  };
}
