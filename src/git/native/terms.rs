//! The conditions under which a repository is written to natively. What is not met here, the git command does: it knows
//! everything, and costs a few processes each time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::git::command::Git;
use crate::model::path::AbsPath;

/// A repository's configuration as git itself reads it, the user's and the system's included: the last value of each key.
pub(super) struct Config(BTreeMap<String, Option<String>>);

/// Keys that change what git writes, unless they say no.
const CHANGING: [&str; 15] = [
    "core.bare",
    "core.sparsecheckout",
    "core.splitindex",
    "core.untrackedcache",
    "core.ignorecase",
    "core.precomposeunicode",
    "core.sharedrepository",
    "core.worktree",
    "index.skiphash",
    "index.sparse",
    "feature.manyfiles",
    "feature.experimental",
    "worktree.userelativepaths",
    "attr.tree",
    "extensions.partialclone",
];

/// Extensions that change nothing of what is written here.
const EXTENSIONS: [&str; 3] = ["extensions.objectformat", "extensions.refstorage", "extensions.noop"];

impl Config {
    /// Asks git for it.
    pub(super) fn read(git: &Git, repository: &AbsPath) -> Result<Self> {
        let all = git.at(repository)?.args(["config", "--list", "-z"]).run()?;
        let entries = all.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()).map(|entry| {
            let text = String::from_utf8_lossy(entry);
            match text.split_once('\n') {
                Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
                None => (text.into_owned(), None),
            }
        });
        Ok(Config(entries.collect()))
    }

    /// The value of a key; one without a value says yes.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| value.as_deref().unwrap_or("true"))
    }

    fn is_on(&self, key: &str) -> bool {
        let no = |value: &str| ["false", "no", "off", "0", "", "keep", "umask"].contains(&value.to_ascii_lowercase().as_str());
        self.value(key).is_some_and(|value| !no(value))
    }

    /// Why git has to write to a repository with this configuration; `None`: it does not have to.
    pub(super) fn refusal(&self) -> Option<String> {
        let changing = CHANGING.into_iter().find(|key| self.is_on(key)).map(str::to_owned);
        changing.or_else(|| self.0.keys().find(|key| self.is_beyond(key)).cloned())
    }

    /// Whether a key asks for something that is not done natively.
    fn is_beyond(&self, key: &str) -> bool {
        let says = |value: &str| self.value(key) == Some(value);
        match key.split_once('.') {
            Some(("extensions", _)) => !EXTENSIONS.contains(&key) || (key == "extensions.refstorage" && !says("files")),
            Some(("hook", _)) => true,
            Some(("includeif", rest)) => !is_for_all_worktrees(rest),
            Some(("remote", rest)) => rest.ends_with(".promisor") || rest.ends_with(".partialclonefilter"),
            // The second is the user's own word.
            Some(("core", "symlinks") | ("wsctl", "native")) => !self.is_on(key),
            Some(("core", "logallrefupdates")) => !self.is_on(key) || says("always"),
            Some(("core", "hookspath")) => !self.value(key).is_some_and(|path| Path::new(path).is_absolute()),
            Some(("index", "version")) => !says("2"),
            Some(_) | None => false,
        }
    }

    /// Where hooks lie.
    pub(super) fn hooks(&self, common_dir: &AbsPath) -> PathBuf {
        self.value("core.hookspath").map_or_else(|| common_dir.as_path().join("hooks"), PathBuf::from)
    }

    /// Who git says wrote to a reflog: name and address. `None` where git would have to make one of them up, or to clean it.
    pub(super) fn committer(&self) -> Option<(String, String)> {
        let said = |part: &str| {
            let value = self.value(&format!("committer.{part}")).or_else(|| self.value(&format!("user.{part}")))?;
            let crud = |c: char| c <= ' ' || ".,:;<>\"\\'".contains(c);
            let clean = value.trim_matches(crud) == value && !value.contains(['<', '>', '\n', '\0', char::REPLACEMENT_CHARACTER]);
            (clean && !value.is_empty()).then(|| value.to_owned())
        };
        Some((said("name")?, said("email")?))
    }
}

/// Whether what is included on a condition is so for the worktrees of a repository as for itself: where it lies in a
/// directory, or has a remote, but not by its branch or by its own git directory.
fn is_for_all_worktrees(key: &str) -> bool {
    let condition = key.strip_suffix(".path").unwrap_or(key);
    match condition.split_once(':') {
        Some(("gitdir" | "gitdir/i", pattern)) => pattern.ends_with('/') && !pattern.contains("worktrees"),
        Some(("hasconfig", _)) => true,
        Some(_) | None => false,
    }
}

/// Whether attributes come from outside the repository.
pub(super) fn has_attributes_elsewhere(git: &Git, config: &Config) -> bool {
    let user = match config.value("core.attributesfile") {
        // Of the home directory, or of somebody else's.
        Some(path) if path.starts_with('~') => return true,
        Some(path) => Some(PathBuf::from(path)),
        None => match (git.variable("XDG_CONFIG_HOME").filter(|path| !path.is_empty()), git.variable("HOME")) {
            (Some(config), _) => Some(Path::new(config).join("git/attributes")),
            (None, Some(home)) => Some(Path::new(home).join(".config/git/attributes")),
            (None, None) => None,
        },
    };
    let of_system = ["/etc", "/usr/etc", "/usr/local/etc", "/opt/homebrew/etc"].map(|etc| Path::new(etc).join("gitattributes"));
    let beside = git.variable("PATH").into_iter().flat_map(std::env::split_paths).filter(|bin| bin.join("git").exists());
    let beside = beside.filter_map(|bin| Some(bin.canonicalize().ok()?.parent()?.join("etc/gitattributes")));
    user.into_iter().chain(of_system).chain(beside).any(|path| path.metadata().is_ok_and(|found| found.len() > 0))
}
