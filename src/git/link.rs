//! The two files by which a worktree and its admin directory name each other: read, and written again only
//! while each is still as seen.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::{Relink, own_files};
use crate::diagnostic::Diagnostic;
use crate::model::path::AbsPath;
use crate::regular;

/// A link file as it is: the path in it, and whether it is relative.
struct LinkFile {
    target: AbsPath,
    text: PathBuf,
    relative: bool,
}

impl LinkFile {
    /// Whether it names one of two paths; a relative one counts from where it is, or was.
    fn is_one_of(&self, paths: [&AbsPath; 2], bases: [&AbsPath; 2]) -> bool {
        let from = |base: &AbsPath| if self.relative { base.join(&self.text) } else { self.target.clone() };
        bases.into_iter().any(|base| paths.into_iter().any(|path| same(&from(base), path)))
    }
}

/// The admin directory that a worktree's `.git` names.
///
/// # Errors
/// There is no `.git`, or it is no link.
pub fn admin_dir_of(worktree: &AbsPath) -> Result<AbsPath> {
    Ok(read_git_file(worktree)?.target)
}

/// Whether a worktree's `.git` names this admin directory; what is not there is none.
///
/// # Errors
/// There is no `.git`, or it is no link.
pub fn names(worktree: &AbsPath, admin_dir: &AbsPath) -> Result<bool> {
    Ok(same(&admin_dir_of(worktree)?, admin_dir) && admin_dir.as_path().is_dir())
}

/// The git directory of what a git in this directory would work on.
pub(super) fn git_dir_of(directory: &Path) -> PathBuf {
    let linked = AbsPath::new(directory).ok().and_then(|directory| admin_dir_of(&directory).ok());
    real(&linked.map_or_else(|| directory.join(".git"), |admin_dir| admin_dir.as_path().to_path_buf()))
}

/// The common directory of a repository, by its main worktree or by itself.
pub(super) fn common_dir_of(repository: &AbsPath) -> Option<AbsPath> {
    let is_worktree = repository.join(".git").as_path().symlink_metadata().is_ok();
    let path = repository.as_path();
    AbsPath::new(if is_worktree { git_dir_of(path) } else { real(path) }).ok()
}

/// The worktree that an admin directory's `gitdir` names.
pub(super) fn worktree_of(admin_dir: &AbsPath) -> Result<AbsPath> {
    Ok(read_gitdir(admin_dir)?.target.parent())
}

fn read_git_file(worktree: &AbsPath) -> Result<LinkFile> {
    let path = worktree.join(".git");
    let bytes = read_regular(&path)?;
    let Some(text) = bytes.strip_prefix(b"gitdir: ") else { bail!("{path} is no link to a git directory") };
    link_file(text, worktree)
}

fn read_gitdir(admin_dir: &AbsPath) -> Result<LinkFile> {
    link_file(&read_regular(&admin_dir.join("gitdir"))?, admin_dir)
}

fn read_regular(path: &AbsPath) -> Result<Vec<u8>> {
    let found = path.as_path().symlink_metadata().with_context(|| format!("{path} cannot be read"))?;
    if !found.is_file() {
        bail!("{path} is not a regular file");
    }
    regular::read(path).with_context(|| format!("{path} cannot be read"))
}

fn link_file(text: &[u8], base: &AbsPath) -> Result<LinkFile> {
    let end = text.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
    let path = Path::new(OsStr::from_bytes(&text[..end]));
    if end == 0 {
        bail!("the link file in {base} is empty");
    }
    Ok(LinkFile { target: base.join(path), text: path.to_path_buf(), relative: path.is_relative() })
}

/// Checks that both link files name what was seen, or are right already; see `Door::relink`.
pub(super) fn as_seen(link: &Relink<'_>) -> Result<()> {
    let gitdir = read_gitdir(link.admin_dir)?;
    let git_file = read_git_file(link.worktree)?;
    let (worktree, old_worktree) = (link.worktree.join(".git"), link.old_worktree.join(".git"));
    if !gitdir.is_one_of([&worktree, &old_worktree], [link.admin_dir, link.old_admin_dir]) {
        return Err(changed(link.admin_dir, &gitdir.target));
    }
    if !git_file.is_one_of([link.admin_dir, link.old_admin_dir], [link.worktree, link.old_worktree]) {
        return Err(changed(link.worktree, &git_file.target));
    }
    Ok(())
}

/// Both ends of a worktree that lies in the trash, as they are.
pub(super) struct Ends<'a> {
    admin_dir: &'a AbsPath,
    tree: &'a AbsPath,
    gitdir: LinkFile,
    git_file: LinkFile,
}

impl<'a> Ends<'a> {
    /// Reads the `gitdir` of an admin directory and the `.git` of its files.
    ///
    /// # Errors
    /// One of them is missing, or no link.
    pub(super) fn read(admin_dir: &'a AbsPath, tree: &'a AbsPath) -> Result<Self> {
        Ok(Ends { admin_dir, tree, gitdir: read_gitdir(admin_dir)?, git_file: read_git_file(tree)? })
    }

    /// The worktree that the admin directory names. A relative path counts from where the other end says that it was.
    pub(super) fn worktree(&self) -> AbsPath {
        let named = if self.gitdir.relative { self.admin_dir().join(&self.gitdir.text) } else { self.gitdir.target.clone() };
        named.parent()
    }

    /// The admin directory that the files name.
    pub(super) fn admin_dir(&self) -> AbsPath {
        self.git_file.target.clone()
    }

    /// Lets both name where they will be, in the form that each has; what is right is not written.
    pub(super) fn write(&self, registration: &AbsPath, worktree: &AbsPath) -> Result<()> {
        let target = worktree.join(".git");
        let gitdir = form(self.gitdir.relative, registration, &target);
        if gitdir != self.gitdir.text {
            write(&self.admin_dir.join("gitdir"), b"", &gitdir)?;
        }
        let git_file = form(self.git_file.relative, worktree, registration);
        if git_file == self.git_file.text {
            return Ok(());
        }
        write(&self.tree.join(".git"), b"gitdir: ", &git_file)
    }
}

fn changed(at: &AbsPath, names: &AbsPath) -> anyhow::Error {
    Diagnostic::new(format!("{at} names {names} by now"), "wsctl plan").into()
}

fn write(path: &AbsPath, prefix: &[u8], target: &Path) -> Result<()> {
    let bytes = [prefix, target.as_os_str().as_bytes(), b"\n"].concat();
    own_files::write_whole(path.as_path(), &bytes, 0o666)
}

/// Whether two paths are the same by their letters or on the disk.
pub(super) fn same(one: &AbsPath, other: &AbsPath) -> bool {
    one == other || real(one.as_path()) == real(other.as_path())
}

/// The real path; of what is gone, as far as it is there.
pub(super) fn real(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Ok(real), _, _) => real,
        (Err(_), Some(parent), Some(name)) => real(parent).join(name),
        (Err(_), _, _) => path.to_path_buf(),
    }
}

/// A path as one end of a link writes it: as it is, or as seen from the directory that holds the link.
pub(super) fn form(relative: bool, from: &AbsPath, to: &AbsPath) -> PathBuf {
    if relative { between(from.as_path(), to.as_path()) } else { to.as_path().to_path_buf() }
}

/// The relative path from one directory to another path.
fn between(from: &Path, to: &Path) -> PathBuf {
    let from: Vec<Component<'_>> = from.components().collect();
    let to: Vec<Component<'_>> = to.components().collect();
    let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let up = std::iter::repeat_n(Component::ParentDir, from.len() - shared);
    up.chain(to[shared..].iter().copied()).collect()
}
