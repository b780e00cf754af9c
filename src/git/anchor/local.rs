//! What an anchor has beside objects: configuration, hook and excludes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::git::AnchorContent;
use crate::git::command::{Call, Git};
use crate::git::own_files;
use crate::model::actual::ObjectFormat;
use crate::model::path::{AbsPath, RelPath};
use crate::regular;

/// The keys that every anchor has, in the order of its file.
const KEYS: [(&str, &str, &str); 10] = [
    ("core", "repositoryformatversion", ""),
    ("core", "bare", "false"),
    ("core", "filemode", "true"),
    ("core", "logallrefupdates", "true"),
    ("core", "hooksPath", ".git/hooks"),
    ("core", "fsmonitor", "false"),
    ("submodule", "recurse", "false"),
    ("commit", "gpgSign", "false"),
    ("gc", "auto", "0"),
    ("diff", "submodule", "diff"),
];

/// Around our own lines in `info/exclude`; other lines are kept.
const BEGIN: &str = "# wsctl: checkouts of another object format\n";
const END: &str = "# wsctl: end\n";

fn keys(format: ObjectFormat) -> Vec<(&'static str, &'static str, &'static str)> {
    let (version, extension) = match format {
        ObjectFormat::Sha1 => ("0", None),
        ObjectFormat::Sha256 => ("1", Some(("extensions", "objectformat", "sha256"))),
    };
    let keys = KEYS.into_iter().map(|(section, key, value)| (section, key, if value.is_empty() { version } else { value }));
    keys.chain(extension).collect()
}

/// A new anchor's configuration file.
pub(super) fn config(format: ObjectFormat) -> String {
    let mut text = String::new();
    let mut last = "";
    for (section, key, value) in keys(format) {
        if section != last {
            text.extend(["[", section, "]\n"]);
            last = section;
        }
        text.extend(["\t", key, " = ", value, "\n"]);
    }
    text
}

/// A call about one configuration file. Made at `/`, since git would first read the repository that it stands in.
fn about<'a>(git: &'a Git, file: &AbsPath) -> Call<'a> {
    git.anywhere(Path::new("/")).args(["config", "--file"]).arg(file)
}

/// The entries of a configuration file; `None` where git cannot read it.
fn entries(git: &Git, file: &AbsPath) -> Result<Option<Vec<(String, String)>>> {
    let answer = about(git, file).args(["--list", "-z"]).answer()?;
    if !answer.status.success() {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let entries = text.split_terminator('\0').map(|entry| {
        let (key, value) = entry.split_once('\n').unwrap_or((entry, "true"));
        (key.to_owned(), value.to_owned())
    });
    Ok(Some(entries.collect()))
}

/// The object format that an anchor's configuration says; `None` where it cannot be read.
pub(super) fn format(git: &Git, git_dir: &AbsPath) -> Result<Option<ObjectFormat>> {
    let Some(entries) = entries(git, &git_dir.join("config"))? else { return Ok(None) };
    let named = entries.iter().rev().find(|(key, _)| key == "extensions.objectformat");
    let sha256 = named.is_some_and(|(_, value)| value.eq_ignore_ascii_case("sha256"));
    Ok(Some(if sha256 { ObjectFormat::Sha256 } else { ObjectFormat::Sha1 }))
}

/// Brings configuration, hook and excludes to what they shall be, and writes nothing that is right.
pub(super) fn bring(git: &Git, git_dir: &AbsPath, anchor: &AnchorContent<'_>) -> Result<()> {
    let file = git_dir.join("config");
    match entries(git, &file)? {
        None => {
            if file.as_path().symlink_metadata().is_ok() {
                fs::rename(&file, git_dir.join("config.damaged")).with_context(|| format!("{file} cannot be renamed"))?;
            }
            own_files::write_whole(file.as_path(), config(anchor.format).as_bytes(), 0o666)?;
        }
        Some(entries) => bring_keys(git, &file, anchor.format, &entries)?,
    }
    write_hook_and_exclude(git_dir, anchor)
}

fn bring_keys(git: &Git, file: &AbsPath, format: ObjectFormat, entries: &[(String, String)]) -> Result<()> {
    for (section, key, value) in keys(format) {
        let name = format!("{section}.{key}");
        let mut found = entries.iter().filter(|(found, _)| found.eq_ignore_ascii_case(&name));
        let right = found.next().is_some_and(|(_, found)| found == value) && found.next().is_none();
        if !right {
            about(git, file).args(["--replace-all", &name, value]).patiently()?;
        }
    }
    let remotes = entries.iter().filter_map(|(key, _)| key.strip_prefix("remote.")?.rsplit_once('.').map(|(name, _)| name));
    for remote in remotes.collect::<std::collections::BTreeSet<_>>() {
        about(git, file).arg("--remove-section").arg(format!("remote.{remote}")).patiently()?;
    }
    Ok(())
}

/// Writes hook and excludes where they are not right.
pub(super) fn write_hook_and_exclude(git_dir: &AbsPath, anchor: &AnchorContent<'_>) -> Result<()> {
    let path = git_dir.join("hooks/pre-commit");
    let text = hook(anchor.checkouts);
    let executable = path.as_path().metadata().is_ok_and(|found| found.permissions().mode() & 0o100 != 0);
    if !executable || regular::read(&path).ok().as_deref() != Some(text.as_bytes()) {
        own_files::write_soon(path.as_path(), text.as_bytes(), 0o777)?;
    }
    let path = git_dir.join("info/exclude");
    let now = regular::read(&path).unwrap_or_default();
    let wanted = exclude(&now, anchor.excluded);
    if now == wanted { Ok(()) } else { own_files::write_soon(path.as_path(), &wanted, 0o666) }
}

/// Refuses a commit and says where to make it.
fn hook(checkouts: &[RelPath]) -> String {
    let mut text = String::from(
        "#!/bin/sh\n\
         # wsctl: this repository only shows what changes in the builder. Commit in its checkouts.\n\
         echo 'wsctl: nothing is committed in the builder itself; commit in one of its checkouts:' >&2\n",
    );
    for checkout in checkouts {
        let quoted = checkout.as_str().replace('\'', r"'\''");
        text.extend(["printf '  git -C %s commit\\n' '", &quoted, "' >&2\n"]);
    }
    text.push_str("exit 1\n");
    text
}

/// The excludes with our lines in them, one `/path/` for each checkout.
fn exclude(now: &[u8], excluded: &[RelPath]) -> Vec<u8> {
    let find = |part: &str| now.windows(part.len()).position(|window| window == part.as_bytes());
    let mut out = match (find(BEGIN), find(END)) {
        (Some(begin), Some(end)) if begin < end => [&now[..begin], &now[end + END.len()..]].concat(),
        _ => now.to_vec(),
    };
    if excluded.is_empty() {
        return out;
    }
    if !out.is_empty() && !out.ends_with(b"\n") {
        out.push(b'\n');
    }
    out.extend_from_slice(BEGIN.as_bytes());
    for path in excluded {
        out.push(b'/');
        for byte in path.as_str().bytes() {
            if b"\\*?[ ".contains(&byte) {
                out.push(b'\\');
            }
            out.push(byte);
        }
        out.extend_from_slice(b"/\n");
    }
    out.extend_from_slice(END.as_bytes());
    out
}
