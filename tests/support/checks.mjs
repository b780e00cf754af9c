// Checks that print a line each, and the end of them.

let passed = 0;
let failed = 0;

/** Notes one check; `found` is shown where it does not hold. */
export function check(what, holds, found) {
  if (holds) {
    passed += 1;
    console.log(`ok      ${what}`);
  } else {
    failed += 1;
    console.log(`FAILED  ${what}\n        found: ${(typeof found === "string" ? found : (JSON.stringify(found) ?? "")).slice(0, 2000)}`);
  }
}

/** Prints how many there were; the exit code is 1 where one failed. */
export function end() {
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

/** Who commits, and no configuration of this machine. */
export const GIT = {
  LC_ALL: "C",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Test",
  GIT_AUTHOR_EMAIL: "test@example.com",
  GIT_COMMITTER_NAME: "Test",
  GIT_COMMITTER_EMAIL: "test@example.com",
};
