//! Every ref of one repository as plain values: by gix, or by the git command for reftable.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use anyhow::{Context as _, Result};
use gix::refs::TargetRef;

use super::git;
use super::loose::{self, Target};
use super::open::Opened;
use crate::model::actual::{Base, RefFormat, RemoteBranch};
use crate::model::name::{BranchName, ObjectId};
use crate::model::path::AbsPath;
use crate::regular;

/// Full names and what they point to.
pub(super) struct Refs(BTreeMap<Vec<u8>, Target>);

/// An id of gix as ours.
pub(super) fn id(id: impl AsRef<gix::oid>) -> Result<ObjectId> {
    Ok(ObjectId::new(&id.as_ref().to_string())?)
}

impl Refs {
    /// Reads every ref that the worktrees share.
    pub(super) fn read(opened: &Opened) -> Result<Refs> {
        match opened.refs {
            RefFormat::Files => loose::refs(&opened.git_dir).map(Refs).or_else(|_| Self::by_gix(&opened.gix)),
            RefFormat::Reftable => Self::by_git(opened),
        }
    }

    /// Reads the files of a files backend. A broken ref is left out, as git does.
    pub(super) fn by_gix(repository: &gix::Repository) -> Result<Refs> {
        let mut refs = BTreeMap::new();
        for reference in repository.references()?.all()?.flatten() {
            let target = match reference.target() {
                TargetRef::Object(target) => Target::Object(id(target)?),
                TargetRef::Symbolic(name) => Target::Symbolic(name.as_bstr().to_vec()),
            };
            refs.insert(reference.name().as_bstr().to_vec(), target);
        }
        Ok(Refs(refs))
    }

    /// Only what HEAD of a files backend names; `None` where that is no file of its own.
    pub(super) fn of_head(git_dir: &AbsPath) -> Option<Refs> {
        let head = regular::read_here(git_dir.join("HEAD")).ok()?;
        let Some(name) = head.trim_ascii_end().strip_prefix(b"ref:").map(<[u8]>::trim_ascii_start) else {
            return Some(Refs(BTreeMap::new()));
        };
        let id = regular::read_here(git_dir.join(OsStr::from_bytes(name))).ok()?;
        let id = ObjectId::new(std::str::from_utf8(id.trim_ascii_end()).ok()?).ok()?;
        Some(Refs(BTreeMap::from([(name.to_vec(), Target::Object(id))])))
    }

    fn by_git(opened: &Opened) -> Result<Refs> {
        let mut command = git::in_git_dir(opened.git_dir.as_path());
        command.args(["for-each-ref", "--format=%(refname)%00%(objectname)%00%(symref)%00"]);
        let text = git::finish(&mut command)?;
        let mut refs = BTreeMap::new();
        let mut fields = text.split(|byte| *byte == 0);
        while let (Some(name), Some(object), Some(symbolic)) = (fields.next(), fields.next(), fields.next()) {
            let name = name.strip_prefix(b"\n").unwrap_or(name).to_vec();
            let target = if symbolic.is_empty() {
                Target::Object(ObjectId::new(std::str::from_utf8(object)?)?)
            } else {
                Target::Symbolic(symbolic.to_vec())
            };
            refs.insert(name, target);
        }
        Ok(Refs(refs))
    }

    /// The object that a full name leads to.
    pub(super) fn resolve(&self, name: &[u8]) -> Option<&ObjectId> {
        let mut name = name;
        for _ in 0..5 {
            match self.0.get(name)? {
                Target::Object(id) => return Some(id),
                Target::Symbolic(next) => name = next,
            }
        }
        None
    }

    /// What `prefix` is followed by, and the object there.
    fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a [u8], &'a ObjectId)> {
        self.0.keys().filter_map(move |name| Some((name.strip_prefix(prefix.as_bytes())?, self.resolve(name)?)))
    }

    /// The commits that branches, tags and remote branches hold, as tips of a walk.
    pub(super) fn tips(&self) -> BTreeSet<ObjectId> {
        let holders = ["refs/heads/", "refs/tags/", "refs/remotes/"];
        holders.iter().flat_map(|prefix| self.below(prefix)).map(|(_, id)| id.clone()).collect()
    }

    /// Local branches.
    pub(super) fn branches(&self) -> BTreeMap<BranchName, ObjectId> {
        self.below("refs/heads/").map(|(name, id)| (BranchName::from_disk(name), id.clone())).collect()
    }

    /// Remote branches, without the remotes' HEADs.
    pub(super) fn remote_branches(&self, remotes: &[&str]) -> BTreeMap<String, RemoteBranch> {
        let mut found = BTreeMap::new();
        for (name, id) in self.below("refs/remotes/") {
            let short = String::from_utf8_lossy(name).into_owned();
            let owner = remotes.iter().filter(|remote| under(remote, &short).is_some()).max_by_key(|remote| remote.len());
            let remote =
                owner.map_or_else(|| short.split('/').next().unwrap_or_default().to_owned(), |remote| (*remote).to_owned());
            if let Some(branch) = under(&remote, &short).filter(|branch| *branch != "HEAD") {
                let branch = BranchName::from_disk(branch.as_bytes());
                found.insert(short, RemoteBranch { branch, id: id.clone() });
            }
        }
        found
    }

    /// Each remote's HEAD that resolves: remote → `origin/main`.
    pub(super) fn remote_heads(&self) -> BTreeMap<String, String> {
        let heads = self.0.iter().filter_map(|(name, target)| {
            let remote = name.strip_prefix(b"refs/remotes/")?.strip_suffix(b"/HEAD")?;
            let Target::Symbolic(target) = target else { return None };
            self.resolve(target)?;
            let short = target.strip_prefix(b"refs/remotes/")?;
            Some((String::from_utf8_lossy(remote).into_owned(), String::from_utf8_lossy(short).into_owned()))
        });
        heads.collect()
    }

    /// Looks a base up: a branch, a tag, a remote branch, a full ref, or an object id.
    pub(super) fn base(&self, text: &str, repository: &gix::Repository) -> Base {
        let names = [
            format!("refs/heads/{text}"),
            format!("refs/tags/{text}"),
            format!("refs/remotes/{text}"),
            format!("refs/remotes/{text}/HEAD"),
        ];
        let commit_at = |name: &String| Some((name.clone(), commit(repository, self.resolve(name.as_bytes())?.as_str()).ok()?));
        let found: Vec<_> = names.iter().filter_map(commit_at).collect();
        let full = [text.to_owned(), format!("refs/{text}")];
        match found.split_first() {
            Some(((_, first), rest)) if rest.iter().all(|(_, id)| id == first) => Base::Commit(first.clone()),
            Some(_) => Base::Ambiguous(found.into_iter().map(|(name, _)| name).collect()),
            None => match full.iter().find_map(commit_at) {
                Some((_, id)) => Base::Commit(id),
                None => self.object(text, repository),
            },
        }
    }

    fn object(&self, text: &str, repository: &gix::Repository) -> Base {
        if text.len() >= 7
            && text.bytes().all(|byte| byte.is_ascii_hexdigit())
            && let Ok(id) = commit(repository, text)
        {
            return Base::Commit(id);
        }
        let locals = self.below("refs/heads/").map(|(name, _)| name);
        let remotes = self.below("refs/remotes/").map(|(name, _)| name).filter(|name| !name.ends_with(b"/HEAD"));
        let tags = self.below("refs/tags/").map(|(name, _)| name);
        let mut near: Vec<(f64, String)> = locals
            .chain(remotes)
            .chain(tags)
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .map(|name| (strsim::jaro_winkler(text, &name), name))
            .filter(|(likeness, _)| *likeness > 0.8)
            .collect();
        near.sort_by(|(a, left), (b, right)| b.total_cmp(a).then_with(|| left.cmp(right)));
        near.dedup_by(|(_, left), (_, right)| left == right);
        near.truncate(3);
        Base::Missing(near.into_iter().map(|(_, name)| name).collect())
    }
}

/// The commit behind an id, whole or abbreviated; a tag is followed.
pub(super) fn commit(repository: &gix::Repository, hex: &str) -> Result<ObjectId> {
    let found = match gix::ObjectId::from_hex(hex.as_bytes()) {
        Ok(whole) => repository.find_object(whole)?,
        Err(_) => repository.rev_parse_single(hex).context("no object of that id")?.object()?,
    };
    id(found.peel_to_kind(gix::objs::Kind::Commit)?.id)
}

fn under<'a>(remote: &str, name: &'a str) -> Option<&'a str> {
    name.strip_prefix(remote)?.strip_prefix('/')
}
