//! A workspace put aside and brought back to the same path, as if it had never been touched.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// Copies a tree with its modes and links.
pub(super) fn copy_tree(from: &Path, to: &Path) {
    let found = from.symlink_metadata().unwrap();
    if found.is_symlink() {
        symlink(fs::read_link(from).unwrap(), to).unwrap();
    } else if found.is_dir() {
        fs::create_dir(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let name = entry.unwrap().file_name();
            copy_tree(&from.join(&name), &to.join(&name));
        }
        fs::set_permissions(to, found.permissions()).unwrap();
    } else {
        fs::copy(from, to).unwrap();
        fs::File::open(to).unwrap().set_modified(found.modified().unwrap()).unwrap();
    }
}

/// Replaces a tree by a copy of another, whose marks then name the new inodes.
pub(super) fn bring_back(kept: &Path, place: &Path) {
    if place.symlink_metadata().is_ok() {
        fs::remove_dir_all(place).unwrap();
    }
    copy_tree(kept, place);
    let mut marks = Vec::new();
    find_marks(place, &mut marks);
    for mark in marks {
        identify(&mark);
    }
}

fn find_marks(directory: &Path, marks: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let path = entry.path();
        let name = entry.file_name();
        if entry.file_type().unwrap().is_dir() {
            if name != "objects" && name != "trash" {
                find_marks(&path, marks);
            }
        } else if path.extension().is_some_and(|extension| extension == "json") {
            marks.push(path);
        }
    }
}

/// Which directory a mark speaks of.
fn subject(mark: &Path) -> Option<PathBuf> {
    let directory = mark.parent()?;
    let name = mark.file_name()?.to_str()?;
    if name == "workspace.json" {
        return Some(directory.parent()?.to_path_buf());
    }
    if directory.ends_with(".wsctl/builders") {
        return Some(directory.parent()?.parent()?.join(name.strip_suffix(".json")?));
    }
    if name != "wsctl-builder.json" {
        return None;
    }
    match fs::read_to_string(directory.join("gitdir")) {
        Ok(gitdir) => Some(Path::new(gitdir.trim_end()).parent()?.to_path_buf()),
        Err(_) => Some(directory.parent()?.to_path_buf()),
    }
}

fn identify(mark: &Path) {
    let Some(found) = subject(mark).and_then(|subject| subject.symlink_metadata().ok()) else { return };
    let Ok(mut value) = serde_json::from_slice::<Value>(&fs::read(mark).unwrap()) else { return };
    if value.get("identity").is_some_and(|identity| !identity.is_null()) {
        value["identity"] = json!([found.dev(), found.ino()]);
        fs::write(mark, serde_json::to_vec_pretty(&value).unwrap()).unwrap();
    }
}
