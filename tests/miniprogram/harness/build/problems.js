// @ts-check
// What is wrong with a mini-program: collected, so that one build names everything at once.

/** A build that cannot be used; the message has one line for each problem. */
export class BuildError extends Error {
  /** @param {string[]} lines */
  constructor(lines) {
    super(lines.join("\n"));
    this.name = "BuildError";
    this.lines = lines;
  }
}

export class Problems {
  constructor() {
    /** @type {Set<string>} */
    this.lines = new Set();
  }

  /**
   * @param {string} file relative to the mini-program
   * @param {number} line from 1; 0 when the whole file is meant
   * @param {string} message
   */
  add(file, line, message) {
    this.lines.add(`${file}${line ? `:${line}` : ""}: ${message}`);
  }

  /** Throw everything found so far, if anything was. */
  throwIfAny() {
    if (this.lines.size) throw new BuildError([...this.lines]);
  }
}
