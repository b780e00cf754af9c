//! A run that was cut short, as its journal tells the next one.

use std::fs;
use std::path::{Path, PathBuf};

use wsctl::git::content_hash;
use wsctl::model::clock::Boot;
use wsctl::model::journal::{Header, Intent, Journal};
use wsctl::model::name::{BranchName, ObjectId, RepoName, WorkspaceId};
use wsctl::model::path::AbsPath;
use wsctl::plan::FileContent;

use super::{Sandbox, text};

/// The token in the names of its temporaries.
pub const TOKEN: &str = "0123456789abcdef";

/// The hash of a file's content, as marks and journals have it.
pub fn hash(text: &str) -> String {
    content_hash(&FileContent::Bytes { bytes: text.into(), executable: false, private: false }).unwrap()
}

fn abs(path: impl Into<PathBuf>) -> AbsPath {
    AbsPath::new(path).unwrap()
}

impl Sandbox {
    pub fn workspace_id(&self) -> WorkspaceId {
        let mark: serde_json::Value = serde_json::from_str(&text(self.builder(".wsctl/workspace.json"))).unwrap();
        WorkspaceId::new(mark["id"].as_str().unwrap()).unwrap()
    }

    pub fn journal(&self) -> PathBuf {
        self.builder(".wsctl/journal")
    }

    pub fn header(&self, boot: Option<Boot>, intents: usize) -> Header {
        Header {
            version: 1,
            workspace: self.workspace_id(),
            file: abs(self.path("builders.toml")),
            builders_dir: abs(self.builder("")),
            tokens: vec![TOKEN.into()],
            pid: 1 << 30,
            boot,
            started: 1_600_000_000,
            opened: 1_600_000_000_000,
            intents,
        }
    }

    /// Leaves the journal of a run that had begun all of these in an earlier boot.
    pub fn cut_short(&self, intents: &[Intent]) {
        let before = Boot { id: "an earlier one".into(), uptime: 1 };
        let bytes = Journal::begin(&self.header(Some(before), intents.len()), intents).unwrap();
        fs::write(self.journal(), bytes).unwrap();
    }

    pub fn rev(&self, directory: impl AsRef<Path>, revision: &str) -> ObjectId {
        ObjectId::new(&self.git(directory, &["rev-parse", "--verify", revision])).unwrap()
    }

    /// Branches `one` and `two` of `repos/api`, on which three files differ and each has one of its own.
    pub fn two_branches(&self) {
        let api = self.path("repos/api");
        for (name, content) in [("one", "old\n".to_owned()), ("two", big())] {
            self.git(&api, &["switch", "-q", "-c", name, "main"]);
            for file in ["a.txt", "b.txt", "c.txt"] {
                self.write(format!("repos/api/{file}"), &content);
            }
            self.write(format!("repos/api/only/{name}.txt"), name);
            self.commit(&api, name);
        }
        self.git(&api, &["switch", "-q", "main"]);
    }

    /// Leaves a checkout half-way from `one` to `two`: some files of each, one of them cut off, the index still that of
    /// `one` and locked.
    pub fn half_switched(&self, checkout: &str) -> Intent {
        let checkout = self.builder(checkout);
        let admin = self.git(&checkout, &["rev-parse", "--absolute-git-dir"]);
        fs::write(checkout.join("a.txt"), big()).unwrap();
        fs::write(checkout.join("b.txt"), &big()[..5000]).unwrap();
        fs::remove_file(checkout.join("only/one.txt")).unwrap();
        fs::write(checkout.join("only/two.txt"), "tw").unwrap();
        fs::write(Path::new(&admin).join("index.lock"), "half").unwrap();
        Intent::Switch {
            repository: RepoName::new("api").unwrap(),
            main: abs(self.path("repos/api")),
            admin_dir: abs(admin),
            path: abs(&checkout),
            from: self.rev("repos/api", "one"),
            branch: Some(BranchName::new("two").unwrap()),
            to: Some(self.rev("repos/api", "two")),
            makes: false,
            opened: None,
        }
    }
}

fn big() -> String {
    "a line of the big file\n".repeat(10_000)
}
