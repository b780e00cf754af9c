#!/usr/bin/env python3
"""The life of a builder as a chat gateway drives it: a form comes in, a builder goes out, and at the end it goes away.

Nothing but the standard library and `wsctl --json`: one command, one document.

    python3 gateway.py --workspace ~/ws start  ai-dev gateway-slack --repo ai-dev --repo domain-apis
    python3 gateway.py --workspace ~/ws state  ai-dev gateway-slack
    python3 gateway.py --workspace ~/ws finish ai-dev gateway-slack --branch keep
    python3 gateway.py --workspace ~/ws life   ai-dev gateway-slack --repo ai-dev     # all of it, one after the other
"""

import argparse
import json
import subprocess
import sys


class Refused(Exception):
    """wsctl did not do it: why, and what it says to type next."""

    def __init__(self, why, following=""):
        super().__init__(why)
        self.following = following


class Gateway:
    def __init__(self, workspace, program="wsctl"):
        self.workspace, self.program = workspace, program

    def wsctl(self, command, *words):
        """Runs one command; returns its document, whatever the exit code says."""
        line = [self.program, "-C", self.workspace, "--json", "--no-input", command, *words]
        ran = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        try:
            answer = json.loads(ran.stdout)
        except ValueError:
            raise Refused(ran.stderr.strip() or f"{self.program} gave no answer") from None
        if "error" in answer:
            raise Refused(answer["error"], answer.get("next") or "")
        if answer.get("format_version", "").split(".")[0] != "1":
            raise Refused("this gateway reads format version 1")
        return answer

    def start(self, name, repositories, branch=None):
        """One command in, one builder out. Again with the same words, it is the same builder."""
        # Whatever a user typed stands behind `=` or `--`: it is never taken for an option.
        words = [f"--repo={repository}" for repository in repositories]
        words += [f"--branch={branch}"] if branch else []
        return self.done(self.wsctl("add", "--apply", "--auto-approve", *words, "--", name))["builder"]

    def state(self, name):
        """Who works on which branch there, and what changed."""
        for builder in self.wsctl("status")["builders"]:
            if builder["name"] == name:
                return builder
        raise Refused(f"there is no builder {name}")

    def finish(self, name, branch, discard=False):
        """The inverse of start. `branch`: "keep", or "delete" for those that wsctl made and that are merged."""
        words = ["--keep-branch" if branch == "keep" else "--delete-branch"]
        # Work that nobody saved blocks; to the trash, from where `wsctl restore` brings it back, it goes when asked to.
        words += ["--unsaved=trash"] if discard else []
        # The last builder of a workspace goes too.
        words += ["--allow-removals"]
        return self.done(self.wsctl("remove", "--apply", "--auto-approve", *words, "--", name))

    @staticmethod
    def done(answer):
        """The answer, if the disk is as the file says now."""
        applied = answer["apply"]
        if applied["ok"]:
            return answer
        reasons = [f"{step['address']}: {step['error']}" for step in applied["failed"]]
        for change in applied["blocked"]:
            reasons += [f"{change['address']}: {blocker['fact']}" for blocker in change["blockers"]]
        raise Refused("; ".join(reasons) or "the disk does not match the file", answer["next"] or "")


def show(builder):
    for checkout in builder["checkouts"]:
        print(f"  {checkout['repository']:20} {checkout['branch'] or '-':30} {checkout['path']}")


def life(gateway, name, repositories, branch):
    """Two builders, one after the other: the first keeps its branch, the second does not."""
    for ending in ("keep", "delete"):
        builder = gateway.start(name, repositories, branch)
        print(f"started {builder['name']} at {builder['path']}")
        show(builder)
        state = gateway.state(name)
        print(f"state: {state['state']}")
        removed = gateway.finish(name, ending)
        print(f"finished, branches: {ending}; in the trash as {removed['builder']['trash'][-1]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", default=".")
    parser.add_argument("--wsctl", default="wsctl", help="the program")
    commands = parser.add_subparsers(dest="command", required=True)
    for command in ("start", "state", "finish", "life"):
        sub = commands.add_parser(command)
        sub.add_argument("category")
        sub.add_argument("project")
        if command in ("start", "life"):
            sub.add_argument("--repo", action="append", default=[], metavar="REPO[:BRANCH[:BASE]]")
            sub.add_argument("--branch")
        if command == "finish":
            sub.add_argument("--branch", choices=("keep", "delete"), default="keep")
            sub.add_argument("--discard", action="store_true", help="unsaved work goes to the trash too")
    form = parser.parse_args()
    gateway = Gateway(form.workspace, form.wsctl)
    name = f"{form.category}-{form.project}"
    try:
        if form.command == "start":
            builder = gateway.start(name, form.repo, form.branch)
            print(f"started {builder['name']} at {builder['path']}")
            show(builder)
        elif form.command == "state":
            builder = gateway.state(name)
            print(f"{name}: {builder['state']}")
            show(builder)
        elif form.command == "finish":
            gateway.finish(name, form.branch, form.discard)
            print(f"finished {name}")
        else:
            life(gateway, name, form.repo, form.branch)
    except Refused as refused:
        print(f"refused: {refused}", file=sys.stderr)
        for line in refused.following.splitlines():
            print(f"  -> {line}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
