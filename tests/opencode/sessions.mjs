// Each builder has a session on the server, which comes back when it is gone; a server that is down is no failure.

import { spawnSync } from "node:child_process";
import { appendFileSync, realpathSync } from "node:fs";
import { join } from "node:path";

import { ask } from "./agent.mjs";
import { LAYOUTS, Workspace } from "./workspace.mjs";

/** What `wsctl` answers, whatever comes of it. */
function answer(workspace, args) {
  const run = spawnSync(workspace.wsctl, args, { cwd: workspace.root, env: workspace.env, encoding: "utf8", timeout: 120_000 });
  return { code: run.status, out: run.stdout, err: run.stderr };
}

/** The sessions of a builder, by its title. */
async function titled(server, workspace, name) {
  const at = realpathSync(workspace.builder(name));
  const all = await ask(server.url, "/session", at);
  return all.filter((session) => session.title === name && session.directory === at).map((session) => session.id);
}

export async function sessions({ directory, wsctl, env, check, server }) {
  const layout = { ...LAYOUTS[0], name: "sessions" };
  const workspace = new Workspace(directory, layout, wsctl, env);
  appendFileSync(join(workspace.root, "builders.toml"), `\n[opencode]\nurl = "${server.url}"\n`);

  const made = answer(workspace, ["apply", "--auto-approve"]);
  check("sessions: apply opens them", made.code === 0, made);
  const first = await titled(server, workspace, "one");
  check("sessions: one for a builder, with its name, in its directory", first.length === 1, first);
  const again = answer(workspace, ["plan", "--detailed-exitcode"]);
  check("sessions: then there is nothing to do", again.code === 0, again);
  const print = answer(workspace, ["open", "one", "--print"]);
  check("sessions: open attaches to it", print.out.includes(`attach ${server.url}`) && print.out.includes(`--session ${first[0]}`), print);
  const shown = answer(workspace, ["status", "--json"]);
  const one = JSON.parse(shown.out).builders.find((builder) => builder.name === "one");
  check("sessions: status shows it", one.session?.id === first[0] && one.session.state === "idle", one.session);

  await fetch(`${server.url}/session/${first[0]}`, { method: "DELETE", signal: AbortSignal.timeout(30_000) });
  const gone = answer(workspace, ["plan", "--detailed-exitcode"]);
  check("sessions: one that is gone is planned again", gone.code === 2 && gone.out.includes("builders.one.session"), gone);
  answer(workspace, ["apply", "--auto-approve"]);
  const second = await titled(server, workspace, "one");
  check("sessions: and opened again", second.length === 1 && second[0] !== first[0], second);

  await server.stop();
  const down = answer(workspace, ["apply", "--auto-approve"]);
  check("sessions: without the server, apply warns and succeeds", down.code === 0 && `${down.out}${down.err}`.includes("sessions stay as they are"), down);
  const alone = answer(workspace, ["open", "one", "--print"]);
  check("sessions: and open starts OpenCode in the builder", alone.out.includes(`opencode ${realpathSync(workspace.builder("one"))}`), alone);
}
