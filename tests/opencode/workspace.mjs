// A workspace of a few real repositories in one of the layouts, made by git and by wsctl alone.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Every layout: its key in the file, where the root's and any other checkout lie, and what makes it work. */
export const LAYOUTS = [
  { name: "sibling", key: '"sibling"', root: "workspace-root", repo: (name) => name, nested: false },
  { name: "split", key: '"split"', root: "workspace", repo: (name) => `repos/${name}`, nested: false },
  { name: "nested", key: '"nested"', root: "", repo: (name) => `repos/${name}`, nested: true },
  { name: "custom", key: '{ root = "ws", repo = "src/{repo}" }', root: "ws", repo: (name) => `src/${name}`, nested: false },
];

/** Builders, each with its repositories. `stripped` loses what makes its layout work. */
const BUILDERS = { one: ["api", "web"], two: ["api"], stripped: ["api", "web"] };

export class Workspace {
  constructor(directory, layout, wsctl, env) {
    Object.assign(this, { root: join(directory, layout.name), layout, wsctl, env });
    mkdirSync(this.root, { recursive: true });
    this.repository("", { "notes-of-root.md": "needle_root stands here\n", ".gitignore": "repos/\n", "builders.toml": this.file() });
    for (const name of ["api", "web"]) {
      this.repository(join("repos", name), { [`${name}-only.txt`]: `needle_${name} stands here\n`, "src/deep/code.rs": `fn deep_${name}() {}\n` });
    }
    this.run(wsctl, ["apply", "--auto-approve", "-q"]);
  }

  file() {
    const builders = Object.entries(BUILDERS).map(([name, repos]) => `[builders.${name}]\nrepos = ${JSON.stringify(repos)}\n`);
    return `version = 1\n\n[workspace]\nlayout = ${this.layout.key}\n\n[repos.api]\n[repos.web]\n\n${builders.join("\n")}`;
  }

  repository(at, files) {
    const directory = join(this.root, at);
    mkdirSync(directory, { recursive: true });
    this.run("git", ["init", "-q", "-b", "main", directory]);
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), text);
    }
    this.run("git", ["-C", directory, "add", "-A"]);
    this.run("git", ["-C", directory, "commit", "-qm", "first"]);
  }

  run(program, args) {
    return execFileSync(program, args, { cwd: this.root, env: this.env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 120_000 });
  }

  builder(name) {
    return join(this.root, ".builders", name);
  }

  repositories(name) {
    return BUILDERS[name];
  }
}
