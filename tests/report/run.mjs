// Is the report a page that a browser shows, sorts and filters, whatever the names in it are?
//
//   node tests/report/run.mjs --wsctl target/release/wsctl --browser chromium
//
// Prints a line per check. The exit code is 1 where one fails.

import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { GIT, check, end } from "../support/checks.mjs";

const { values } = parseArgs({ options: { wsctl: { type: "string" }, browser: { type: "string" } } });
if (!values.wsctl || !values.browser) {
  console.error("usage: node tests/report/run.mjs --wsctl PROGRAM --browser PROGRAM");
  process.exit(2);
}

const top = realpathSync(mkdtempSync(join(tmpdir(), "wsctl-report-")));
const env = { ...GIT, PATH: process.env.PATH, HOME: join(top, "home") };
const root = join(top, "ws");
const run = (program, args, cwd = root) => execFileSync(program, args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 120_000 });

/** The page as the browser has it once its script has run. */
function shown(hash = "") {
  const arguments_ = ["--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND", `--user-data-dir=${join(top, "browser")}`];
  return run(values.browser, [...arguments_, "--virtual-time-budget=5000", "--dump-dom", `file://${join(top, "report.html")}${hash}`]);
}

/** The names of builders whose rows are shown, from the top. */
function rows(page) {
  const body = page.split("<tbody>")[1].split("</tbody>")[0];
  return [...body.matchAll(/<tr data-name="([^"]*)"[^>]*>/g)].filter((row) => !/ hidden(=|>| )/.test(row[0])).map((row) => row[1]);
}

const hostile = "<img src=x onerror=document.title='broken'>";
try {
  mkdirSync(join(top, "home"));
  mkdirSync(join(root, "repos/api"), { recursive: true });
  for (const at of [root, join(root, "repos/api")]) {
    run("git", ["init", "-q", "-b", "main", at]);
    writeFileSync(join(at, "README.md"), "hello\n");
    if (at === root) writeFileSync(join(at, ".gitignore"), "repos/\n");
    run("git", ["-C", at, "add", "-A"]);
    run("git", ["-C", at, "commit", "-qm", "first"]);
  }
  const labels = `labels = { note = "${hostile.replaceAll('"', '\\"')}" }`;
  writeFileSync(
    join(root, "builders.toml"),
    `version = 1\n[repos.api]\n[builders.alpha]\nrepos = ["api"]\n${labels}\n[builders.beta]\nrepos = ["api"]\n[builders.gamma]\nrepos = ["api"]\n`,
  );
  const wsctl = resolve(values.wsctl);
  run(wsctl, ["apply", "--auto-approve", "-q"]);
  appendFileSync(join(root, ".builders/beta/api/README.md"), `${hostile}\n`);
  writeFileSync(join(root, `.builders/gamma/api/${hostile.replaceAll("/", "")}`), "x\n");
  writeFileSync(join(root, ".builders/gamma/api/second.txt"), "x\n");
  run(wsctl, ["report", "--out", join(top, "report.html")]);

  const text = readFileSync(join(top, "report.html"), "utf8");
  check("the page fetches nothing", !/(src|href)="(?!#)/.test(text) && !text.includes("http://") && !text.includes("https://"), text.match(/(src|href)="(?!#)[^"]*/));
  const page = shown();
  check("its script has run", page.includes('data-ready="yes"') && page.includes("3 of 3 builders"), page);
  check("nothing that a name says is run", !page.includes("<title>broken") && !/<img/.test(page), page);
  check("all builders are there, by name", rows(page).join() === "alpha,beta,gamma", rows(page));
  check("what changed is shown", page.includes("+&lt;img src=x"), page);
  check("and which files are new", page.includes("second.txt"), page);
  check("only what changed", rows(shown("#only=changed")).join() === "beta,gamma", rows(shown("#only=changed")));
  check("a word finds its builder", rows(shown("#q=GAMMA")).join() === "gamma", rows(shown("#q=GAMMA")));
  const sorted = rows(shown("#sort=untracked&order=down"));
  check("sorted by a number, the most first", sorted[0] === "gamma", sorted);
  check("sorted by name, the other way round", rows(shown("#sort=name&order=down")).join() === "gamma,beta,alpha", rows(shown("#sort=name&order=down")));
  run(wsctl, ["report", "--out", join(top, "report.html")]);
  check("an older report is written over", readFileSync(join(top, "report.html"), "utf8").startsWith("<!doctype html>"));
} catch (error) {
  check("the run as a whole", false, error.stack);
} finally {
  rmSync(top, { recursive: true, force: true });
}
end();
