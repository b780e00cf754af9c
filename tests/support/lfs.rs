//! A stand-in for git-lfs: its server is a directory beside the sandbox's workspace.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Sandbox;

/// What git-lfs does for git and for wsctl, in the commands that these two type.
const SCRIPT: &str = r#"#!/bin/sh
set -e
store='STORE'
echo "$*" >> "$store/asked"
oid() { sed -n 's/^oid sha256://p'; }
case "$1" in
version) echo 'git-lfs/0.0.0' ;;
install)
    git config --global filter.lfs.clean "'$0' clean"
    git config --global filter.lfs.smudge "'$0' smudge"
    git config --global filter.lfs.required true ;;
clean)
    new=$(mktemp "$store/new.XXXXXX")
    cat > "$new"
    if head -n 1 "$new" | grep -q '^version https://git-lfs'; then cat "$new"; rm "$new"; exit; fi
    set -- $(cksum < "$new")
    id=$(printf '%032x%032x' "$1" "$2")
    mv "$new" "$store/$id"
    printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %s\n' "$id" "$2" ;;
smudge)
    if [ "$GIT_LFS_SKIP_SMUDGE" = 1 ] || [ "$2" = --skip ]; then cat; else cat "$store/$(oid)"; fi ;;
fetch)
    if [ -e "$store/down" ]; then echo 'batch response: the server is down' >&2; exit 2; fi ;;
*) echo "git-lfs: $1?" >&2; exit 127 ;;
esac
"#;

impl Sandbox {
    /// Where the stand-in keeps contents, and in `asked` what it was asked.
    pub fn lfs_store(&self) -> PathBuf {
        self.top().join("lfs")
    }

    /// The stand-in, which no git knows of yet.
    fn lfs(&self) -> PathBuf {
        std::fs::create_dir_all(self.lfs_store()).unwrap();
        let store = self.lfs_store().display().to_string();
        self.script(self.top().join("lfs/bin/git-lfs"), &SCRIPT.replace("STORE", &store))
    }

    /// A PATH with the stand-in on it.
    pub fn path_with_lfs(&self) -> OsString {
        let mut path = self.lfs().parent().unwrap().as_os_str().to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        path
    }

    /// Lets git find the stand-in in one repository, and commits these files there as such whose content is elsewhere.
    pub fn with_lfs(&self, repository: impl AsRef<Path>, files: &[&str]) {
        let repository = self.path(repository);
        let program = self.lfs().display().to_string();
        let settings = [
            ("alias.lfs", format!("!'{program}'")),
            ("filter.lfs.clean", format!("'{program}' clean")),
            ("filter.lfs.smudge", format!("'{program}' smudge")),
            ("filter.lfs.required", "true".into()),
        ];
        for (name, value) in settings {
            self.git(&repository, &["config", name, &value]);
        }
        std::fs::write(repository.join(".gitattributes"), "*.bin filter=lfs -text\n").unwrap();
        for file in files {
            let path = repository.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, format!("content of {file}\n")).unwrap();
        }
        self.commit(&repository, "files of git-lfs");
        self.git(&repository, &["push", "-q"]);
    }
}
