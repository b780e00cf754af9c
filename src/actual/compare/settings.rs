//! What the configuration, and the files that it names, say of the files in a worktree.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use gix::glob::search::pattern::List;
use gix::ignore::search::Ignore;
use gix::index::entry::stat;

use super::attributes::Attributes;
use crate::actual::disk;

/// Read once for all worktrees that have the same.
pub(super) struct Settings {
    /// How times are compared.
    pub(super) stat: stat::Options,
    /// Whether the file system knows an executable bit.
    pub(super) executable: bool,
    /// Patterns for every directory, the stronger ones last.
    pub(super) excludes: Vec<List<Ignore>>,
    /// What attributes for every directory may ask for.
    pub(super) attributes: Attributes,
}

/// The file of every user's attributes, where git is installed as systems do it.
const SYSTEM_ATTRIBUTES: &str = "/etc/gitattributes";

impl Settings {
    /// Of an open repository.
    ///
    /// # Errors
    /// Something cannot be read, or asks for what only git does.
    pub(super) fn read(gix: &gix::Repository) -> Result<Self> {
        let config = gix.config_snapshot();
        let boolean = |key: &str, default: bool| -> Result<bool> {
            let value = config.try_boolean(key).with_context(|| format!("{key} cannot be understood"))?;
            Ok(value.unwrap_or(default))
        };
        ensure!(boolean("core.symlinks", true)?, "core.symlinks is off");
        for key in ["core.ignoreCase", "core.precomposeUnicode", "core.sparseCheckout"] {
            ensure!(!boolean(key, false)?, "{key} is on");
        }
        let minimal = config.string("core.checkStat").is_some_and(|value| value.eq_ignore_ascii_case(b"minimal"));
        let stat = stat::Options {
            trust_ctime: boolean("core.trustctime", true)?,
            check_stat: !minimal,
            // git itself mostly compares seconds: what differs in less is compared by content.
            use_nsec: true,
            use_stdev: false,
        };
        let named = |key: &str, default: &str| -> Result<Option<PathBuf>> {
            let named = config.trusted_path(key).with_context(|| format!("{key} cannot be understood"))?;
            ensure!(named.as_ref().is_none_or(|path| path.is_absolute()), "{key} is no absolute path");
            Ok(named.or_else(|| of_user(default)))
        };
        ensure!(config.string("attr.tree").is_none(), "attr.tree is set");
        let info = gix.common_dir().join("info");
        let mut excludes = Vec::new();
        for path in named("core.excludesFile", "ignore")?.into_iter().chain([info.join("exclude")]) {
            excludes.extend(text(&path)?.map(|text| patterns(&text, None)));
        }
        let mut attributes =
            Attributes { auto: converts(config.string("core.autocrlf").as_ref().map(AsRef::as_ref)), ..Attributes::default() };
        let system = PathBuf::from(SYSTEM_ATTRIBUTES);
        for path in named("core.attributesFile", "attributes")?.into_iter().chain([system, info.join("attributes")]) {
            attributes = attributes.and(text(&path)?.map(|text| Attributes::of(&text)).unwrap_or_default());
        }
        Ok(Settings { stat, executable: boolean("core.fileMode", true)?, excludes, attributes })
    }
}

/// Whether `core.autocrlf` may change what is read; what is not understood may.
fn converts(value: Option<&[u8]>) -> bool {
    let off = |value: &[u8]| ["false", "no", "off", "0", ""].iter().any(|off| value.eq_ignore_ascii_case(off.as_bytes()));
    value.is_some_and(|value| !off(value))
}

/// A file of git's in the user's configuration directory.
fn of_user(name: &str) -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let home = || set("HOME").map(|home: OsString| Path::new(&home).join(".config"));
    let directory = set("XDG_CONFIG_HOME").map(PathBuf::from).or_else(home)?;
    Some(directory.join("git").join(name))
}

fn text(path: &Path) -> Result<Option<Vec<u8>>> {
    match disk::read(path) {
        Ok(text) => Ok(text),
        Err(error) => bail!("{} cannot be read: {error}", path.display()),
    }
}

/// The patterns of a file, for what lies in `base`, a path that ends in a slash.
pub(super) fn patterns(text: &[u8], base: Option<&[u8]>) -> List<Ignore> {
    use gix::glob::search::Pattern as _;
    // git ends the last line itself.
    let text = [text, b"\n"].concat();
    let patterns = Ignore { support_precious: false }.bytes_to_patterns(&text, Path::new(""));
    List { patterns, source: None, base: base.map(Into::into) }
}
