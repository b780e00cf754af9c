//! A script that kills the wsctl above it at a place that git reaches.

use std::path::PathBuf;

use super::Sandbox;

/// Kills the wsctl above it, once: when `armed` lies in HOME.
pub const KILLER: &str = "#!/bin/sh
if [ -e \"$HOME/armed\" ]; then
    rm \"$HOME/armed\"
    pid=$PPID
    while [ \"$pid\" -gt 1 ]; do
        if [ \"$(cat /proc/$pid/comm)\" = wsctl ]; then kill -9 \"$pid\"; exit 1; fi
        pid=$(sed -n 's/^PPid:[[:space:]]*//p' /proc/$pid/status)
    done
fi
";

/// Kills, once, every git above it up to wsctl, the outermost first, so that none cleans up; wsctl too where `armed` says
/// `all`.
pub const KILLER_OF_GIT: &str = "#!/bin/sh
if [ -e \"$HOME/armed\" ]; then
    all=$(cat \"$HOME/armed\")
    rm \"$HOME/armed\"
    pid=$PPID
    pids=
    while [ \"$pid\" -gt 1 ]; do
        case $(cat /proc/$pid/comm) in
            wsctl) [ -n \"$all\" ] && pids=\"$pid $pids\"; kill -9 $pids; exit 1 ;;
            git) pids=\"$pid $pids\" ;;
        esac
        pid=$(sed -n 's/^PPid:[[:space:]]*//p' /proc/$pid/status)
    done
fi
";

/// Writes the killer at a path that is relative to `bin`; it ends by running this command.
pub fn killer(sandbox: &Sandbox, path: &str, text: &str, then: &str) -> PathBuf {
    let at = sandbox.top().join("bin").join(path);
    std::fs::create_dir_all(sandbox.top().join("bin")).unwrap();
    sandbox.script(at, &format!("{text}{then}\n"))
}

/// Arms it: the next time that git reaches it, it kills. The file is gone once it did.
pub fn arm(sandbox: &Sandbox) -> PathBuf {
    let armed = sandbox.home().join("armed");
    std::fs::write(&armed, "").unwrap();
    armed
}
