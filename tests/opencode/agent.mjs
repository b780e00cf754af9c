// A real `opencode serve` on loopback, with a home of its own, and its API with a time limit on every call.

import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { GIT } from "../support/checks.mjs";

/** How long a single answer may take, in milliseconds. */
const PATIENCE = 30_000;

/** The environment of every child: a home of its own, nothing that goes to the network, no configuration of this machine. */
export function environment(home) {
  const kept = Object.fromEntries(["PATH", "TMPDIR"].filter((name) => process.env[name]).map((name) => [name, process.env[name]]));
  return {
    ...kept,
    HOME: home,
    XDG_DATA_HOME: join(home, "data"),
    XDG_CONFIG_HOME: join(home, "config"),
    XDG_STATE_HOME: join(home, "state"),
    XDG_CACHE_HOME: join(home, "cache"),
    ...GIT,
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    OPENCODE_DISABLE_MODELS_FETCH: "1",
    OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
    OPENCODE_DISABLE_DEFAULT_PLUGINS: "1",
    OPENCODE_DISABLE_SHARE: "1",
  };
}

/** Starts the server and waits until it says where it listens. */
export async function serve(opencode, home) {
  mkdirSync(home, { recursive: true });
  // It runs in a directory that is no repository: whatever it knows of a builder, it knows by `directory`.
  const child = spawn(opencode, ["serve", "--hostname", "127.0.0.1", "--port", "0"], {
    cwd: home,
    env: environment(home),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  const url = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`opencode serve did not listen within a minute:\n${said}`)), 60_000);
    const hear = (chunk) => {
      said += chunk;
      const found = said.match(/listening on (http:\/\/127\.0\.0\.1:\d+)/);
      if (found) {
        clearTimeout(late);
        resolve(found[1]);
      }
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`opencode serve ended with ${code}:\n${said}`)));
  });
  return { url, stop: () => stop(child) };
}

/** Ends the server, whatever it is doing. */
function stop(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.removeAllListeners("exit");
    const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
    child.on("exit", () => {
      clearTimeout(late);
      resolve();
    });
    child.kill("SIGTERM");
  });
}

/** What the agent answers where it is started in `directory`. */
export async function ask(url, path, directory, query = {}) {
  const parameters = new URLSearchParams({ directory, ...query });
  const answer = await fetch(`${url}${path}?${parameters}`, { signal: AbortSignal.timeout(PATIENCE) });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}
