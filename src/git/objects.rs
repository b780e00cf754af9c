//! Objects read and written by gix alone: no process, no network, no configuration of the user.

use anyhow::{Context as _, Result, anyhow};
use gix::objs::{Commit, Kind, Tree, Write as _};
use gix::odb::Header as _;

use crate::model::actual::ObjectFormat;
use crate::model::builder::WSCTL_EMAIL;
use crate::model::name::ObjectId;
use crate::model::path::AbsPath;

/// An object database.
pub(super) struct Objects {
    odb: gix::odb::Handle,
    pub(super) hash: gix::hash::Kind,
}

impl Objects {
    /// The objects of a git directory.
    pub(super) fn open(git_dir: &AbsPath, format: ObjectFormat) -> Result<Self> {
        let hash = match format {
            ObjectFormat::Sha1 => gix::hash::Kind::Sha1,
            ObjectFormat::Sha256 => gix::hash::Kind::Sha256,
        };
        let objects = git_dir.join("objects");
        let odb = gix::odb::at(objects.as_path(), hash).with_context(|| format!("{objects} cannot be read"))?;
        Ok(Objects { odb, hash })
    }

    /// Those of a repository that is open already.
    pub(super) fn of(repository: gix::Repository) -> Self {
        let hash = repository.object_hash();
        Objects { odb: repository.objects.into_inner(), hash }
    }

    /// The database itself, for gix.
    pub(super) fn odb(&self) -> &gix::odb::Handle {
        &self.odb
    }

    /// What kind of object an id names; `None` where it does not exist here.
    pub(super) fn kind(&self, id: &gix::ObjectId) -> Result<Option<Kind>> {
        let header = self.odb.try_header(id).map_err(|error| anyhow!("object {id} cannot be read: {error}"))?;
        Ok(header.map(|header| header.kind()))
    }

    /// An object's bytes.
    pub(super) fn bytes(&self, id: &gix::ObjectId) -> Result<Vec<u8>> {
        use gix::objs::FindExt as _;
        let mut buffer = Vec::new();
        self.odb.find(id, &mut buffer).map_err(|error| anyhow!("object {id} cannot be read: {error}"))?;
        Ok(buffer)
    }

    /// The one commit whose id starts with these digits.
    pub(super) fn commit_by_prefix(&self, digits: &str) -> Option<gix::ObjectId> {
        let prefix = gix::hash::Prefix::from_hex(digits).ok()?;
        let id = self.odb.lookup_prefix(prefix, None).ok()??.ok()?;
        matches!(self.kind(&id), Ok(Some(Kind::Commit))).then_some(id)
    }

    /// Writes a blob, or finds it.
    pub(super) fn write_blob(&self, bytes: &[u8]) -> Result<gix::ObjectId> {
        self.write(Kind::Blob, bytes)
    }

    /// Writes a tree, or finds it.
    pub(super) fn write_tree(&self, tree: &Tree) -> Result<gix::ObjectId> {
        self.write_object(tree)
    }

    fn write_object(&self, object: &dyn gix::objs::WriteTo) -> Result<gix::ObjectId> {
        let mut bytes = Vec::new();
        object.write_to(&mut bytes)?;
        self.write(object.kind(), &bytes)
    }

    fn write(&self, kind: Kind, bytes: &[u8]) -> Result<gix::ObjectId> {
        let id = gix::objs::compute_hash(self.hash, kind, bytes).context("an object cannot be written")?;
        if self.kind(&id).is_ok_and(|found| found.is_some()) {
            return Ok(id);
        }
        // With what the system says of it: a full disk has its own way out.
        self.odb.write_buf(kind, bytes).context("an object cannot be written")
    }

    /// Writes a commit of wsctl's own. Its date says nothing, so that the same content has the same id.
    pub(super) fn write_commit(&self, tree: gix::ObjectId, parents: &[gix::ObjectId], message: &str) -> Result<gix::ObjectId> {
        let who = gix::actor::Signature {
            name: "wsctl".into(),
            email: WSCTL_EMAIL.into(),
            time: gix::date::Time { seconds: 0, offset: 0 },
        };
        let commit = Commit {
            tree,
            parents: parents.iter().copied().collect(),
            author: who.clone(),
            committer: who,
            encoding: None,
            message: message.into(),
            extra_headers: Vec::new(),
        };
        self.write_object(&commit)
    }

    /// An id of ours as gix has it; the format must be the same.
    pub(super) fn id(&self, id: &ObjectId) -> Result<gix::ObjectId> {
        let found = gix::ObjectId::from_hex(id.as_str().as_bytes()).map_err(|error| anyhow!("{id}: {error}"))?;
        if found.kind() == self.hash { Ok(found) } else { Err(anyhow!("{id} is of another object format")) }
    }
}

/// An id of gix as ours.
pub(super) fn ours(id: gix::ObjectId) -> Result<ObjectId> {
    ObjectId::new(&id.to_string()).map_err(|error| anyhow!("{id} {error}"))
}
