//! The two ways to make a worktree leave the same on the disk, byte for byte; and git makes it where it has to.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// Changes a repository that holds one commit; what it leaves uncommitted is committed.
type Prepare = fn(&Sandbox, &Path);

/// What is made natively.
const NATIVE: [(&str, Prepare); 13] = [
    ("plain files", files),
    ("a tree of many names", |_, at| {
        for name in ["a-b", "a/x", "a.c", "a0", "a/b/c/d", "a/b-c/d", "ab/c", "z/z", "Z/z", "é/ü", "with space/x y", "-dash"] {
            put(at, name, name.as_bytes());
        }
    }),
    ("line endings", |_, at| {
        put(at, ".gitattributes", b"* text=auto\n*.bat eol=crlf\n*.sh eol=lf\n*.bin -text\n*.all text eol=crlf\n");
        for name in ["a.bat", "a.sh", "a.bin", "a.txt", "a.all"] {
            put(at, name, b"one\ntwo\n\nthree");
        }
        put(at, "nul.bat", b"one\n\0two\n");
        put(at, "empty.bat", b"");
        put(at, "sub/.gitattributes", b"*.txt text eol=crlf\n*.bat !eol !text\n");
        put(at, "sub/b.txt", b"one\ntwo\n");
        put(at, "sub/b.bat", b"one\ntwo\n");
    }),
    ("endings by configuration", |sandbox, at| {
        put(at, "a.txt", b"one\ntwo\n");
        put(at, "b.bin", b"one\n\0\n");
        sandbox.commit(at, "as they are");
        sandbox.git(at, &["config", "core.autocrlf", "true"]);
    }),
    ("attributes beside the tree", |_, at| {
        put(at, "a.txt", b"one\ntwo\n");
        put(at, ".git/info/attributes", b"*.txt text eol=crlf\n");
    }),
    ("a submodule", |sandbox, at| {
        let id = sandbox.git(at, &["rev-parse", "HEAD"]);
        sandbox.git(at, &["update-index", "--add", "--cacheinfo", &format!("160000,{id},vendor/lib")]);
        put(at, ".gitmodules", b"[submodule \"lib\"]\n\tpath = vendor/lib\n\turl = ../lib\n");
        sandbox.git(at, &["add", ".gitmodules"]);
        sandbox.git(at, &["commit", "-q", "-m", "submodule"]);
    }),
    ("packed objects and refs", |sandbox, at| {
        for number in 0..30 {
            let lines: Vec<String> =
                (0..200).map(|line| if line == number { "changed".into() } else { line.to_string() }).collect();
            put(at, "long.txt", lines.join("\n").as_bytes());
            sandbox.commit(at, "again");
        }
        sandbox.git(at, &["gc", "-q", "--aggressive", "--prune=now"]);
    }),
    ("a hook", |_, at| script(at.join(".git/hooks/post-checkout"), HOOK)),
    ("a hook that fails, without a first line", |_, at| {
        script(at.join(".git/hooks/post-checkout"), "pwd > from-hook; exit 3\n");
    }),
    ("included by place", |sandbox, at| {
        put(&sandbox.home(), "more", b"[core]\n\tautocrlf = true\n");
        let key = format!("includeIf.gitdir:{}/.path", sandbox.top().display());
        sandbox.git(at, &["config", "--global", &key, sandbox.home().join("more").to_str().unwrap()]);
        put(at, "a.txt", b"one\ntwo\n");
    }),
    ("a hook elsewhere", |sandbox, at| {
        let hooks = sandbox.home().join("hooks");
        script(hooks.join("post-checkout"), HOOK);
        sandbox.git(at, &["config", "core.hooksPath", hooks.to_str().unwrap()]);
    }),
    ("a hook that may not run", |_, at| put(at, ".git/hooks/post-checkout", HOOK.as_bytes())),
    ("more files than one thread writes", |_, at| {
        (0..2100)
            .for_each(|number| put(at, &format!("d{}/e{}/f{number}", number % 7, number % 3), format!("{number}\n").as_bytes()));
    }),
];

/// What is left to git.
const BY_GIT: [(&str, Prepare); 24] = [
    ("ident", |_, at| attribute(at, "ident")),
    ("filter", |sandbox, at| {
        attribute(at, "filter=upper");
        sandbox.git(at, &["config", "filter.upper.smudge", "tr a-z A-Z"]);
    }),
    ("encoding", |_, at| attribute(at, "working-tree-encoding=ISO-8859-1")),
    ("attributes of the user", |sandbox, _| put(&sandbox.home(), ".config/git/attributes", b"*.txt text eol=crlf\n")),
    ("attributes file", |sandbox, at| {
        put(&sandbox.home(), "attributes", b"*.txt text eol=crlf\n");
        sandbox.git(at, &["config", "core.attributesFile", "~/attributes"]);
    }),
    ("ignoring case", |sandbox, at| drop(sandbox.git(at, &["config", "core.ignoreCase", "true"]))),
    ("no symbolic links", |sandbox, at| drop(sandbox.git(at, &["config", "core.symlinks", "false"]))),
    ("no reflogs", |sandbox, at| drop(sandbox.git(at, &["config", "core.logAllRefUpdates", "false"]))),
    ("reflogs of everything", |sandbox, at| drop(sandbox.git(at, &["config", "core.logAllRefUpdates", "always"]))),
    ("shared", |sandbox, at| drop(sandbox.git(at, &["config", "core.sharedRepository", "group"]))),
    ("index version", |sandbox, at| drop(sandbox.git(at, &["config", "index.version", "4"]))),
    ("split index", |sandbox, at| drop(sandbox.git(at, &["config", "core.splitIndex", "true"]))),
    ("untracked cache", |sandbox, at| drop(sandbox.git(at, &["config", "core.untrackedCache", "true"]))),
    ("many files", |sandbox, at| drop(sandbox.git(at, &["config", "feature.manyFiles", "true"]))),
    ("worktree configuration", |sandbox, at| {
        sandbox.git(at, &["config", "core.repositoryFormatVersion", "1"]);
        sandbox.git(at, &["config", "extensions.worktreeConfig", "true"]);
    }),
    ("sparse", |sandbox, at| drop(sandbox.git(at, &["config", "core.sparseCheckout", "true"]))),
    ("promisor", |sandbox, at| drop(sandbox.git(at, &["config", "remote.origin.promisor", "true"]))),
    ("hooks beside", |sandbox, at| drop(sandbox.git(at, &["config", "core.hooksPath", "hooks"]))),
    ("a hook of refs", |_, at| script(at.join(".git/hooks/reference-transaction"), "#!/bin/sh\n")),
    ("replaced", |sandbox, at| {
        let blob = sandbox.git(at, &["rev-parse", "HEAD:README.md"]);
        let other = sandbox.git(at, &["rev-parse", "HEAD:.gitignore"]);
        sandbox.git(at, &["replace", &blob, &other]);
    }),
    ("a name that is odd elsewhere", |_, at| put(at, "a\\b", b"x")),
    ("by branch", |sandbox, at| drop(sandbox.git(at, &["config", "includeIf.onbranch:builder/.path", "more"]))),
    ("as the user wishes", |sandbox, at| drop(sandbox.git(at, &["config", "wsctl.native", "false"]))),
    ("a name to be cleaned", |sandbox, at| drop(sandbox.git(at, &["config", "user.name", "Dot."]))),
];

const HOOK: &str = "#!/bin/sh\n{ pwd; echo \"$0 $@\"; env | grep -v '^_=' | sort; wc -c < /dev/stdin; } > from-hook\n";

fn put(at: &Path, name: &str, bytes: &[u8]) {
    let path = at.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn attribute(at: &Path, attribute: &str) {
    put(at, ".gitattributes", format!("*.txt {attribute}\n").as_bytes());
    put(at, "a.txt", b"$Id$ one\ntwo\n");
}

fn files(_: &Sandbox, at: &Path) {
    put(at, "src/deep/down/a.txt", b"a\n");
    put(at, "empty", b"");
    put(at, "binary", &(0..=255).collect::<Vec<u8>>());
    script(at.join("bin/run"), "#!/bin/sh\n");
    std::os::unix::fs::symlink("src/deep", at.join("link")).unwrap();
    std::os::unix::fs::symlink("/nowhere/at all", at.join("src/dangling")).unwrap();
}

impl Sandbox {
    /// A git on the door's PATH that notes its arguments.
    fn noting(&self) -> GitDoor {
        let real = std::env::split_paths(&std::env::var_os("PATH").unwrap()).map(|bin| bin.join("git")).find(|git| git.exists());
        let text =
            format!("#!/bin/sh\necho \"$@\" >> {0}/calls\nexec {1} \"$@\"\n", self.home().display(), real.unwrap().display());
        script(self.home().join("bin/git"), &text);
        let command = self.command("git");
        let environment = command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
        let path = std::env::join_paths(
            [self.home().join("bin")].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        );
        let environment = environment.filter(|(name, _)| name != "PATH").chain([(OsString::from("PATH"), path.unwrap())]);
        GitDoor::with_environment(&self.builders(), false, environment).unwrap()
    }

    fn made_by_git(&self) -> bool {
        let calls = fs::read_to_string(self.home().join("calls")).unwrap_or_default();
        calls.contains("worktree add") || calls.contains("update-ref")
    }
}

/// A repository of these contents.
fn prepared(format: &str, prepare: Prepare) -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository_of("api", format);
    prepare(&sandbox, &repository);
    sandbox.git(&repository, &["add", "-A"]);
    sandbox.try_git(&repository, &["commit", "-q", "-m", "more"]);
    (sandbox, repository)
}

/// Makes branch and worktree.
fn make(sandbox: &Sandbox, door: &GitDoor, repository: &Path, detached: bool) -> Added {
    let at = abs(repository);
    let (path, commit) = (sandbox.builders().join("b/api"), sandbox.id(repository, "HEAD"));
    fs::create_dir_all(path.parent()).unwrap();
    let on = branch("builder/b");
    let plan = BranchPlan::New { base: "main".into(), commit: commit.clone() };
    if !detached {
        door.create_branch(&at, &on, &plan, &workspace()).unwrap();
    }
    let lock = sandbox.lock(repository);
    let on = if detached { On::Commit(&commit) } else { On::Branch(&on) };
    door.add_worktree(&NewWorktree { repository: &at, path: &path, on, sparse: None, lock: &lock }).unwrap()
}

/// Makes them, and tells all that there is of them then, without times and inodes.
fn made(sandbox: &Sandbox, door: &GitDoor, repository: &Path, detached: bool) -> (BTreeMap<String, String>, Option<String>) {
    let added = make(sandbox, door, repository, detached);
    sandbox.git(repository, &["fsck", "--strict"]);
    let mut all = BTreeMap::new();
    tell(sandbox.builders().join("b/api").as_path(), "tree", &mut all);
    tell(added.admin_dir.as_path(), "admin", &mut all);
    // Only a later git makes it, and nothing is ever in it.
    all.remove("admin/refs");
    for name in ["refs/heads/builder/b", "logs/refs/heads/builder/b"] {
        tell(&repository.join(".git").join(name), name, &mut all);
    }
    (all, added.warning)
}

fn tell(path: &Path, name: &str, all: &mut BTreeMap<String, String>) {
    let Ok(found) = path.symlink_metadata() else { return };
    let mode = found.permissions().mode();
    if found.is_dir() {
        all.insert(name.into(), format!("{mode:o}"));
        for entry in fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            tell(&entry.path(), &format!("{name}/{}", entry.file_name().display()), all);
        }
        return;
    }
    let bytes = match name {
        _ if found.is_symlink() => fs::read_link(path).unwrap().as_os_str().as_bytes().to_vec(),
        "admin/index" => timeless(fs::read(path).unwrap()),
        _ => fs::read(path).unwrap(),
    };
    let words = String::from_utf8_lossy(&bytes).into_owned();
    let seconds = |word: &str| word.len() == 10 && word.bytes().all(|byte| byte.is_ascii_digit());
    let words = if name.contains("logs") {
        words.split(' ').map(|word| if seconds(word) { "NOW" } else { word }).collect::<Vec<_>>().join(" ")
    } else {
        words
    };
    all.insert(name.into(), format!("{mode:o} {words:?}"));
}

/// An index without what it says of files beside their modes, and without its checksum.
fn timeless(mut index: Vec<u8>) -> Vec<u8> {
    assert_eq!(index[..8], *b"DIRC\0\0\0\x02");
    let count = u32::from_be_bytes(index[8..12].try_into().unwrap());
    let hash = if is_sha256(&index) { 32 } else { 20 };
    let mut at = 12;
    for _ in 0..count {
        index[at..at + 24].fill(0);
        // Owner and size are those of the files, which are compared.
        index[at + 28..at + 36].fill(0);
        let length = usize::from(u16::from_be_bytes(index[at + 40 + hash..at + 42 + hash].try_into().unwrap()) & 0xfff);
        at += (42 + hash + length + 8) / 8 * 8;
    }
    index.truncate(index.len() - hash);
    index
}

fn is_sha256(index: &[u8]) -> bool {
    let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha256);
    hasher.update(&index[..index.len() - 32]);
    hasher.try_finalize().unwrap().as_bytes() == &index[index.len() - 32..]
}

fn same(name: &str, format: &str, prepare: Prepare, detached: bool) {
    let (sandbox, repository) = prepared(format, prepare);
    let natively = made(&sandbox, &sandbox.noting(), &repository, detached);
    assert!(!sandbox.made_by_git(), "{name}: git made it");
    assert_eq!(sandbox.git(sandbox.builders().join("b/api"), &["status", "--porcelain", "--untracked-files=no"]), "", "{name}");
    // The paths of a sandbox stand in what is compared: git does it again in the same one.
    let path = sandbox.builders().join("b/api");
    sandbox.git(&repository, &["worktree", "unlock", path.as_path().to_str().unwrap()]);
    sandbox.git(&repository, &["worktree", "remove", "--force", path.as_path().to_str().unwrap()]);
    sandbox.try_git(&repository, &["branch", "-q", "-D", "builder/b"]);
    let by_git = made(&sandbox, &sandbox.noting().by_git_alone(), &repository, detached);
    assert!(sandbox.made_by_git(), "{name}");
    for (path, told) in &by_git.0 {
        assert_eq!(natively.0.get(path), Some(told), "{name} ({format}): {path}");
    }
    let more: Vec<_> = natively.0.keys().filter(|path| !by_git.0.contains_key(*path)).collect();
    assert!(more.is_empty(), "{name} ({format}): also {more:?}");
    assert_eq!(natively.1, by_git.1, "{name} ({format})");
}

#[test]
fn a_worktree_made_natively_is_what_git_makes() {
    for (name, prepare) in NATIVE {
        same(name, "sha1", prepare, false);
    }
    for (name, prepare) in [NATIVE[0], NATIVE[2], NATIVE[5]] {
        same(name, "sha256", prepare, false);
        same(name, "sha1", prepare, true);
    }
}

#[test]
fn what_only_git_can_do_is_left_to_git() {
    for (name, prepare) in BY_GIT {
        let (sandbox, repository) = prepared("sha1", prepare);
        make(&sandbox, &sandbox.noting(), &repository, false);
        assert!(sandbox.made_by_git(), "{name}: git did not make it");
    }
}
