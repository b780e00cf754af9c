// Does the real OpenCode see what a builder is? For every layout, through the API of `opencode serve`.
//
//   node tests/opencode/run.mjs --wsctl target/release/wsctl --opencode node_modules/.bin/opencode
//
// Prints a line per check. The exit code is 1 where one fails.

import { mkdtempSync, realpathSync, appendFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { check, end } from "../support/checks.mjs";
import { ask, environment, serve } from "./agent.mjs";
import { sessions } from "./sessions.mjs";
import { LAYOUTS, Workspace } from "./workspace.mjs";

const { values } = parseArgs({ options: { wsctl: { type: "string" }, opencode: { type: "string" } } });
if (!values.wsctl || !values.opencode) {
  console.error("usage: node tests/opencode/run.mjs --wsctl PROGRAM --opencode PROGRAM");
  process.exit(2);
}

/** All that an agent should see in a builder, as pairs of a name and whether it does. */
async function seen(server, workspace, name) {
  const { layout } = workspace;
  const at = workspace.builder(name);
  const facts = [];
  const fact = (what, holds, found) => facts.push({ what, holds, found });
  const project = await ask(server.url, "/project/current", at);
  // A nested builder is a worktree of the root, and OpenCode has one project for all worktrees of a repository.
  const itself = layout.nested ? await ask(server.url, "/path", at) : project;
  fact("its project is the builder", itself.worktree === at, itself);
  const vcs = await ask(server.url, "/vcs", at);
  fact("its branch is the builder's", vcs.branch === `builder/${name}`, vcs);

  const places = { root: [layout.root, "notes-of-root.md"] };
  for (const repository of workspace.repositories(name)) places[repository] = [layout.repo(repository), `${repository}-only.txt`];
  for (const [repository, [directory, file]] of Object.entries(places)) {
    const path = directory === "" ? file : `${directory}/${file}`;
    const byName = await ask(server.url, "/find/file", at, { query: file });
    fact(`a file of ${repository} is found by its name`, byName.includes(path), byName);
    const byText = await ask(server.url, "/find", at, { pattern: `needle_${repository}` });
    const paths = byText.map((match) => match.path.text.replace(/^\.\//, ""));
    fact(`and by its text`, paths.includes(path), paths);
  }
  return { project, facts };
}

/** What changed, by the agent's own words: repositories below an anchor, files where the builder is a worktree itself. */
async function changed(server, workspace, name) {
  const status = await ask(server.url, "/vcs/status", workspace.builder(name));
  return status.map((entry) => entry.file.replace(/\/$/, ""));
}

async function layoutSees(server, workspace) {
  const { layout } = workspace;
  const say = (what) => `${layout.name}: ${what}`;
  const one = await seen(server, workspace, "one");
  for (const { what, holds, found } of one.facts) check(say(`in one, ${what}`), holds, found);
  const two = await seen(server, workspace, "two");
  for (const { what, holds, found } of two.facts) check(say(`in two, ${what}`), holds, found);

  const clean = await changed(server, workspace, "one");
  check(say("nothing shows as changed in a new builder"), clean.length === 0, clean);
  const [edited, expected] = layout.nested ? ["notes-of-root.md", "notes-of-root.md"] : [`${layout.repo("web")}/web-only.txt`, layout.repo("web")];
  appendFileSync(join(workspace.builder("one"), edited), "an edit\n");
  const after = await changed(server, workspace, "one");
  check(say(`an edit of ${edited} shows`), after.includes(expected), after);
  const beside = await changed(server, workspace, "two");
  check(say("and not in the other builder"), beside.length === 0, beside);

  const main = await ask(server.url, "/project/current", workspace.root);
  const mainPath = await ask(server.url, "/path", workspace.root);
  check(say("the main workspace is itself"), mainPath.worktree === workspace.root, mainPath);
  const ids = new Set([main.id, one.project.id, two.project.id]);
  const what = layout.nested ? "its builders and the root share a project, as worktrees of one repository do" : "two builders and the root are three projects";
  check(say(what), ids.size === (layout.nested ? 1 : 3), [...ids]);
  const mainVcs = await ask(server.url, "/vcs", workspace.root);
  check(say("the main workspace is on its own branch"), mainVcs.branch === "main", mainVcs);
  const mainStatus = await ask(server.url, "/vcs/status", workspace.root);
  check(say("the main workspace sees no change"), mainStatus.length === 0, mainStatus);
  for (const needle of ["needle_web", "needle_root"]) {
    const found = await ask(server.url, "/find", workspace.root, { pattern: needle });
    const inside = found.map((match) => match.path.text).filter((path) => path.includes(".builders"));
    check(say(`the main workspace finds ${needle} in no builder`), inside.length === 0, inside);
  }
}

/** Without the anchor, or the helper of a nested builder, the same checks must not pass. */
async function strippedFails(server, workspace) {
  const { layout } = workspace;
  const missing = layout.nested ? join(workspace.root, ".builders", ".ignore") : join(workspace.builder("stripped"), ".git");
  rmSync(missing, { recursive: true });
  const { facts } = await seen(server, workspace, "stripped");
  const broken = facts.filter(({ holds }) => !holds).map(({ what }) => what);
  check(`${layout.name}: without ${layout.nested ? ".ignore" : "the anchor"} an agent is lost`, broken.length > 0, facts);
}

const directory = realpathSync(mkdtempSync(join(tmpdir(), "wsctl-opencode-")));
const env = environment(join(directory, "home"));
const [wsctl, opencode] = [resolve(values.wsctl), resolve(values.opencode)];
let server;
try {
  server = await serve(opencode, join(directory, "home"));
  for (const layout of LAYOUTS) {
    const workspace = new Workspace(directory, layout, wsctl, env);
    await layoutSees(server, workspace);
    await strippedFails(server, workspace);
  }
  await sessions({ directory, wsctl, opencode, env, check, server });
  server = undefined;
} catch (error) {
  check("the run as a whole", false, error.stack);
} finally {
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
}
end();
