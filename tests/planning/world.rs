//! A workspace as two values: what the file asks for, and the disk, also "as if applied".

use std::collections::BTreeMap;
use std::ffi::OsString;

use wsctl::model::actual::{Actual, Base, Directory, Head, Link, Lock, Place, Registration, Repository, RepositoryState, Source};
use wsctl::model::builder::{Anchor, AnchorEntry, AnchorState, BuilderDirectory, DiskFile, Occupant};
use wsctl::model::desired::{
    Cloning, Contents, Desired, DesiredBuilder, DesiredCheckout, DesiredFile, DesiredRepository, FileMode, Goal, Origin, Shape,
    Url,
};
use wsctl::model::hook::{HookMark, Hooks};
use wsctl::model::lfs::Lfs;
use wsctl::model::mark::{BuilderMark, CheckoutMark, Deed, Marked, OurLock, WorkspaceMark, WrittenFile};
use wsctl::model::moved::Moved;
use wsctl::model::name::RepoName;
use wsctl::model::path::{AbsPath, RelPath};
use wsctl::model::policy::{BuilderPolicy, MaxRemovals};
use wsctl::model::source::Sources;
use wsctl::model::work::{Finding, Work};
use wsctl::plan::Options;

use super::values::{NOW, abs, branch, builder, id, on, our_id, rel, repo, repository, repository_path};

/// What `plan` gets.
#[derive(Debug, Clone)]
pub struct World {
    pub desired: Desired,
    pub actual: Actual,
    pub options: Options,
}

impl World {
    /// An empty file, and an empty disk that was applied once.
    pub fn new() -> Self {
        let mark = WorkspaceMark {
            version: 1,
            id: our_id(),
            file: abs("/ws/builders.toml"),
            inner_path: None,
            identity: None,
            root_branch: None,
            builders_dir: None,
            repositories: BTreeMap::new(),
        };
        let desired = Desired {
            file: abs("/ws/builders.toml"),
            sources: Sources::new(abs("/ws/builders.toml"), ""),
            root: abs("/ws"),
            repos_dir: abs("/ws/repos"),
            builders_dir: abs("/ws/.builders"),
            repositories: BTreeMap::new(),
            goes_to: None,
            moved: Moved::default(),
            builders: BTreeMap::new(),
            max_removals: MaxRemovals::Count(5),
            policy: BuilderPolicy::default(),
            fetch: false,
            ports: None,
            opencode: None,
            open: wsctl::model::session::Opener::default(),
        };
        let actual = Actual {
            unfinished: None,
            unready: BTreeMap::new(),
            tracked: std::collections::BTreeSet::new(),
            workspace: Marked::Yes(mark),
            place: Place::Same,
            builders_dir: Directory::Present,
            gitignore: Some(b"*\n".to_vec()),
            ignore: None,
            repositories: BTreeMap::new(),
            unmanaged_repositories: vec![],
            builders: BTreeMap::new(),
            sources: BTreeMap::new(),
            listening: std::collections::BTreeSet::new(),
            trusted: std::collections::BTreeSet::new(),
            hooks_running: std::collections::BTreeSet::new(),
            sessions: wsctl::model::session::Sessions::None,
            trash: vec![],
            gone: vec![],
        };
        World { desired, actual, options: Options { now: NOW, ..Options::default() } }
    }

    /// A declared repository that is there.
    pub fn repo(mut self, name: &str) -> Self {
        self.actual.repositories.insert(repo(name), RepositoryState::Present(Box::new(repository(name))));
        self.declare_repo(name, None)
    }

    /// A declared repository that is not there.
    pub fn missing(mut self, name: &str, url: Option<Url>) -> Self {
        self.actual.repositories.insert(repo(name), RepositoryState::Missing);
        self.declare_repo(name, url)
    }

    fn declare_repo(mut self, name: &str, url: Option<Url>) -> Self {
        let declared = DesiredRepository {
            name: repo(name),
            url,
            path: repository_path(name),
            cloning: Cloning::default(),
            lfs: Lfs::default(),
        };
        self.desired.repositories.insert(repo(name), declared);
        self
    }

    /// A declared builder in the sibling layout, on branch `builder/NAME`.
    pub fn builder(self, name: &str, repos: &[&str]) -> Self {
        self.shaped(name, repos, Shape::Anchored)
    }

    /// The same without an anchor.
    pub fn plain(self, name: &str, repos: &[&str]) -> Self {
        self.shaped(name, repos, Shape::Plain)
    }

    /// A builder that is the worktree of `.`.
    pub fn nested(self, name: &str, repos: &[&str]) -> Self {
        self.shaped(name, repos, Shape::Nested)
    }

    fn shaped(mut self, name: &str, repos: &[&str], shape: Shape) -> Self {
        let own = branch(&format!("builder/{name}"));
        let checkout = |repository: &&str| {
            let path = match (shape, *repository) {
                (Shape::Nested, ".") => RelPath::here(),
                (Shape::Nested, other) => rel(&format!("repos/{other}")),
                (Shape::Anchored | Shape::Plain, ".") => rel("workspace-root"),
                (Shape::Anchored | Shape::Plain, other) => rel(other),
            };
            (
                repo(repository),
                DesiredCheckout {
                    repository: repo(repository),
                    path,
                    goal: Goal::Branch(own.clone()),
                    base: None,
                    sparse: None,
                    contents: Contents::default(),
                    seed: vec![],
                    hooks: Hooks::default(),
                },
            )
        };
        let declared = DesiredBuilder {
            name: builder(name),
            path: self.desired.builders_dir.join(name),
            shape,
            protect: false,
            policy: BuilderPolicy::default(),
            labels: BTreeMap::new(),
            hooks: Hooks::default(),
            checkouts: repos.iter().map(checkout).collect(),
            files: BTreeMap::new(),
            branch: own,
        };
        self.desired.builders.insert(builder(name), declared);
        self
    }

    /// A managed file, copied from the workspace.
    pub fn file(mut self, name: &str, to: &str, text: &str) -> Self {
        let from = abs("/ws").join(rel(to).as_str().rsplit('/').next().unwrap());
        self.actual
            .sources
            .insert(from.clone(), Source::File { bytes: text.into(), executable: false, private: false, kept: true });
        let declared = self.desired.builders.get_mut(name).unwrap();
        let inside = declared.checkouts.values().find(|checkout| checkout.path.contains(&rel(to)));
        let checkout = inside.map(|checkout| checkout.repository.clone());
        declared.files.insert(
            rel(to),
            DesiredFile {
                to: rel(to),
                from: Some(Origin { path: from, repository: None, member: false, within: None }),
                mode: FileMode::Copy,
                checkout,
            },
        );
        self
    }

    /// The disk after everything that is declared by now was applied.
    pub fn created(mut self) -> Self {
        let names: Vec<_> = self.desired.builders.keys().cloned().collect();
        for repository in self.desired.repositories.values() {
            let state = self.actual.repositories.entry(repository.name.clone()).or_insert(RepositoryState::Missing);
            if *state == RepositoryState::Missing {
                *state = RepositoryState::Present(Box::new(super::values::repository(repository.name.as_str())));
            }
        }
        for name in names {
            self.create(name.as_str());
        }
        self
    }

    fn create(&mut self, name: &str) {
        let declared = self.desired.builders[name].clone();
        let mark = self.builder_mark(&declared);
        let nested = declared.shape == Shape::Nested;
        let mut places = BTreeMap::new();
        for checkout in declared.checkouts.values() {
            let found = registration(&declared, checkout, &mark);
            places.insert(checkout.path.clone(), Occupant::Worktree(found.admin_dir.clone()));
            self.change(&checkout.repository, |repository| {
                repository.branches.extend(checkout.goal.branch().map(|branch| (branch.clone(), id("a"))));
                repository.registrations.insert(found.admin_name.clone(), found.clone());
            });
        }
        let occupant = match declared.shape {
            Shape::Anchored => Occupant::Repository,
            Shape::Plain => Occupant::Directory,
            Shape::Nested => places.get("").cloned().unwrap(),
        };
        let anchored = declared.shape == Shape::Anchored;
        let directory = BuilderDirectory {
            path: declared.path.clone(),
            occupant,
            identity: (1, 2),
            anchor: if anchored { AnchorState::Ours(Box::new(anchor(&declared))) } else { AnchorState::Missing },
            mark: Marked::Yes(mark),
            one_sided: BTreeMap::new(),
            places,
            files: declared.files.values().map(|file| (file.to.clone(), self.written(file))).collect(),
            strays: Some(vec![]),
        };
        self.actual.builders.insert(OsString::from(name), directory);
        if nested {
            self.actual.ignore = Some(b"!/*/repos/\n!/*/repos/*\n".to_vec());
        }
    }

    fn builder_mark(&self, declared: &DesiredBuilder) -> BuilderMark {
        let file = |file: &DesiredFile| {
            let hash = hash(&self.source(&file.from.as_ref().unwrap().path));
            (file.to.clone(), WrittenFile { mode: file.mode, hash, executable: false, adopted: false, sole: false })
        };
        BuilderMark {
            moved_from: None,
            version: 1,
            workspace: our_id(),
            file: self.desired.file.clone(),
            builder: declared.name.clone(),
            branch: declared.branch.clone(),
            protect: declared.protect,
            policy: declared.policy.clone(),
            labels: declared.labels.clone(),
            files: declared.files.values().map(file).collect(),
            identity: Some((1, 2)),
            port: None,
            hooks: HookMark::default(),
            session: None,
            created: NOW - 10,
        }
    }

    fn source(&self, from: &AbsPath) -> Vec<u8> {
        match &self.actual.sources[from] {
            Source::File { bytes, .. } => bytes.clone(),
            Source::Directory | Source::Missing | Source::Unusable(_) => vec![],
        }
    }

    fn written(&self, file: &DesiredFile) -> DiskFile {
        on_disk(&self.source(&file.from.as_ref().unwrap().path))
    }

    fn change(&mut self, name: &RepoName, change: impl FnOnce(&mut Repository)) {
        if let Some(RepositoryState::Present(repository)) = self.actual.repositories.get_mut(name) {
            change(repository);
        }
    }

    /// Changes anything.
    pub fn with(mut self, change: impl FnOnce(&mut World)) -> Self {
        change(&mut self);
        self
    }

    /// Changes a declared builder.
    pub fn declared(self, name: &str, change: impl FnOnce(&mut DesiredBuilder)) -> Self {
        self.with(|world| change(world.desired.builders.get_mut(name).unwrap()))
    }

    /// Changes a declared checkout.
    pub fn checkout(self, name: &str, repository: &str, change: impl FnOnce(&mut DesiredCheckout)) -> Self {
        self.declared(name, |declared| change(declared.checkouts.get_mut(repository).unwrap()))
    }

    /// The file asks for another branch.
    pub fn wants(self, name: &str, repository: &str, wanted: &str) -> Self {
        self.checkout(name, repository, |checkout| checkout.goal = Goal::Branch(branch(wanted)))
    }

    /// The block of the builder is deleted from the file.
    pub fn undeclared(self, name: &str) -> Self {
        self.with(|world| drop(world.desired.builders.remove(name)))
    }

    /// The repository is taken out of the builder's list.
    pub fn without(self, name: &str, repository: &str) -> Self {
        self.declared(name, |declared| drop(declared.checkouts.remove(repository)))
    }

    /// Changes a repository on the disk.
    pub fn repository(self, name: &str, change: impl FnOnce(&mut Repository)) -> Self {
        self.with(|world| world.change(&repo(name), change))
    }

    /// A branch in a repository.
    pub fn branch(self, repository: &str, name: &str) -> Self {
        self.repository(repository, |repository| drop(repository.branches.insert(branch(name), id("a"))))
    }

    /// A revision that the file names as a base.
    pub fn base(self, repository: &str, name: &str, base: Base) -> Self {
        self.repository(repository, |repository| drop(repository.bases.insert(name.into(), base)))
    }

    /// Changes what a builder's directory holds; begins with nothing where there is none.
    pub fn directory(self, name: &str, change: impl FnOnce(&mut BuilderDirectory)) -> Self {
        self.with(|world| {
            let path = world.desired.builders_dir.join(name);
            change(world.actual.builders.entry(name.into()).or_insert_with(|| nothing(path)));
        })
    }

    /// Changes the builder's mark, if it has one.
    pub fn mark(self, name: &str, change: impl FnOnce(&mut BuilderMark)) -> Self {
        self.directory(name, |directory| match &mut directory.mark {
            Marked::Yes(mark) => change(mark),
            Marked::No | Marked::Unreadable(_) => {}
        })
    }

    /// Changes the builder's anchor.
    pub fn anchor(self, name: &str, change: impl FnOnce(&mut Anchor)) -> Self {
        self.directory(name, |directory| match &mut directory.anchor {
            AnchorState::Ours(anchor) => change(anchor),
            AnchorState::Missing | AnchorState::Damaged(_) | AnchorState::Foreign(_) => panic!("{name} has no anchor"),
        })
    }

    /// Changes a checkout's registration.
    pub fn registration(self, name: &str, repository: &str, change: impl FnOnce(&mut Registration)) -> Self {
        let admin = admin_name(name, repository);
        self.repository(repository, |repository| change(repository.registrations.get_mut(&admin).unwrap()))
    }

    /// Changes a checkout's mark, if it has one.
    pub fn checkout_mark(self, name: &str, repository: &str, change: impl FnOnce(&mut CheckoutMark)) -> Self {
        self.registration(name, repository, |registration| match &mut registration.mark {
            Marked::Yes(mark) => change(mark),
            Marked::No | Marked::Unreadable(_) => {}
        })
    }

    /// The checkout's HEAD.
    pub fn head(self, name: &str, repository: &str, now: &str) -> Self {
        self.registration(name, repository, |registration| registration.head = on(now))
    }

    /// What a look at the checkout's files found, and one at what holds it where it is.
    pub fn found(self, name: &str, repository: &str, findings: Vec<Finding>) -> Self {
        self.registration(name, repository, |registration| {
            let holds = |found: &&Finding| {
                let at_work = matches!(found, Finding::Process { .. } | Finding::IndexLock(_) | Finding::Locked(_));
                at_work || matches!(found, Finding::Nested(_) | Finding::Mount(_) | Finding::Unknown(_))
            };
            registration.held = Some(findings.iter().filter(holds).cloned().collect());
            registration.work = Some(Work { findings, ..Work::default() });
        })
    }

    /// The checkout's directory is gone; its registration is not.
    pub fn gone(self, name: &str, repository: &str) -> Self {
        let path = self.path_of(name, repository);
        self.registration(name, repository, |registration| registration.link = Link::DirectoryGone)
            .directory(name, |directory| drop(directory.places.insert(path, Occupant::Nothing)))
    }

    /// The checkout's path in the builder, by its registration; `elsewhere` for one that lies outside.
    pub fn path_of(&self, name: &str, repository: &str) -> RelPath {
        let state = self.actual.repositories[repository].repository().unwrap();
        let worktree = state.registrations[&admin_name(name, repository)].worktree.clone().unwrap();
        let path = worktree.relative_to(&self.desired.builders_dir.join(name));
        RelPath::new(path.to_str().unwrap()).unwrap_or_else(|_| rel("elsewhere"))
    }

    /// What lies at a path of a builder's directory.
    pub fn occupied(self, name: &str, path: &str, occupant: Occupant) -> Self {
        self.directory(name, |directory| {
            if path.is_empty() {
                directory.occupant = occupant;
            } else {
                directory.places.insert(rel(path), occupant);
            }
        })
    }

    /// Changes the options.
    pub fn options(self, change: impl FnOnce(&mut Options)) -> Self {
        self.with(|world| change(&mut world.options))
    }
}

pub fn admin_name(name: &str, repository: &str) -> OsString {
    OsString::from(format!("{name}-{repository}"))
}

/// The checkout as creation leaves it.
fn registration(declared: &DesiredBuilder, checkout: &DesiredCheckout, mark: &BuilderMark) -> Registration {
    let repository = checkout.repository.as_str();
    let admin_name = admin_name(declared.name.as_str(), repository);
    let holds = checkout.path.is_here();
    let own = CheckoutMark {
        version: 1,
        workspace: our_id(),
        file: mark.file.clone(),
        builder: declared.name.clone(),
        repository: checkout.repository.clone(),
        path: checkout.path.clone(),
        goal: checkout.goal.clone(),
        made_branch: checkout.goal.branch().is_some(),
        base: Some(checkout.base.clone().unwrap_or_else(|| "origin/main".into())),
        start: id("a"),
        sparse: checkout.sparse.clone(),
        parked: None,
        at: None,
        hooks: HookMark::kept(None, &checkout.hooks),
        created: NOW - 10,
    };
    Registration {
        admin_dir: repository_path(repository).join(".git/worktrees").join(&admin_name),
        admin_name,
        worktree: Some(checkout.path.under(&declared.path)),
        link: Link::Whole,
        head: checkout.goal.branch().map_or(Head::Detached(id("a")), |branch| on(branch.as_str())),
        lock: holds.then(|| Lock::Ours(OurLock { workspace: our_id(), deed: Deed::Holding })),
        operation: None,
        sparse: checkout.sparse.clone().map(wsctl::model::sparse::Sparse::Cone),
        mark: Marked::Yes(own),
        builder_mark: if holds { Marked::Yes(mark.clone()) } else { Marked::No },
        submodules: None,
        pointers: None,
        remains: vec![],
        work: Some(Work { unmerged: Some(0), ..Work::default() }),
        held: Some(vec![]),
    }
}

fn anchor(declared: &DesiredBuilder) -> Anchor {
    let links = declared.checkouts.values().map(|checkout| (checkout.path.clone(), AnchorEntry::Gitlink(id("a"))));
    let own = declared.files.values().filter(|file| file.checkout.is_none());
    let files = own.map(|file| (file.to.clone(), AnchorEntry::Blob { id: id("f"), mode: 0o100_644 }));
    Anchor {
        format: wsctl::model::actual::ObjectFormat::Sha1,
        head: wsctl::model::actual::Head::Branch(declared.branch.clone(), id("c")),
        by_wsctl: true,
        entries: links.chain(files).collect(),
        wrong_keys: vec![],
        hook: true,
        index: true,
        remotes: vec![],
    }
}

fn nothing(path: AbsPath) -> BuilderDirectory {
    BuilderDirectory {
        path,
        occupant: Occupant::Nothing,
        identity: (0, 0),
        anchor: AnchorState::Missing,
        mark: Marked::No,
        places: BTreeMap::new(),
        files: BTreeMap::new(),
        one_sided: BTreeMap::new(),
        strays: None,
    }
}

/// Any function of the bytes will do.
pub fn hash(bytes: &[u8]) -> String {
    format!("hash of {}", bytes.escape_ascii())
}

/// A file with these bytes.
pub fn on_disk(bytes: &[u8]) -> DiskFile {
    DiskFile::File { bytes: bytes.into(), hash: hash(bytes), executable: false, private: false, tracked: false }
}
