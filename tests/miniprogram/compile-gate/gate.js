// WeChat's own compiler on the mini-program, without the network: node gate.js DIR
//
// `miniprogram-ci` wants a project that WeChat knows, and a key to upload it with. For compiling
// alone neither is used: the project's attributes are the defaults, the key is made here.
const crypto = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const ci = require("miniprogram-ci");
const { DefaultProjectAttr } = require("miniprogram-ci/dist/config/config");

// Templates and styles are only read when they are made smaller.
const SETTING = { es6: true, enhance: true, minify: true, minifyJS: true, minifyWXML: true, minifyWXSS: true };

/** @param {string} projectPath */
async function compile(projectPath) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "compile-gate-"));
  try {
    const privateKeyPath = path.join(folder, "unused.key");
    const { privateKey } = crypto.generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs1", format: "pem" },
    });
    fs.writeFileSync(privateKeyPath, privateKey, { mode: 0o600 });
    const project = new ci.Project({ appid: "wx0000000000000000", type: "miniProgram", projectPath, privateKeyPath });
    project.attr = async () => DefaultProjectAttr;
    await ci.getCompiledResult(
      { project, version: "0.0.0", desc: "compile gate", setting: SETTING, onProgressUpdate() {} },
      path.join(folder, "compiled.zip"),
    );
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

// It talks of its inner steps, and of the network it cannot reach.
console.log = console.info = console.warn = console.error = () => {};

compile(path.resolve(process.argv[2])).then(
  () => process.exit(0), // it leaves worker processes that would keep us alive
  (error) => {
    process.stderr.write(`${error.path ? `${error.path}: ` : ""}${error.message ?? error}\n`);
    process.exit(1);
  },
);
