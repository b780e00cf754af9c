//! Our own files, managed files, renames, unlinking, locks.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::Duration;

use wsctl::diagnostic::Diagnostic;
use wsctl::git::{Lasts, Locks, Unheld};

use super::*;

#[test]
fn own_files_are_replaced_and_never_written_through_a_link() {
    let sandbox = Sandbox::new();
    let (door, builders) = (sandbox.door(), sandbox.builders());
    let own = builders.join(".wsctl/builders");
    door.make_directory(&own).unwrap();
    door.make_directory(&own).unwrap();
    let mark = own.join("x");
    door.write_own(&mark, b"one", Lasts::Now).unwrap();
    door.write_own(&mark, b"two", Lasts::Now).unwrap();
    assert_eq!(std::fs::read(&mark).unwrap(), b"two");
    assert_eq!(std::fs::read_dir(&own).unwrap().count(), 1, "no temporary file is left");

    sandbox.write("victim", "precious");
    symlink(sandbox.path("victim"), own.join("link")).unwrap();
    assert!(why(door.write_own(&own.join("link"), b"bad", Lasts::Now)).contains("symbolic link"));
    symlink(sandbox.root(), builders.join("out")).unwrap();
    assert!(why(door.write_own(&builders.join("out/victim"), b"bad", Lasts::Now)).contains("symbolic link"));
    assert!(why(door.make_directory(&builders.join("out"))).contains("symbolic link"));
    assert!(why(door.make_directory(&builders.join("out/more"))).contains("symbolic link"));
    assert!(why(door.make_directory(&mark)).contains("not a directory"));
    assert_eq!(std::fs::read(sandbox.path("victim")).unwrap(), b"precious");

    door.remove_own(&mark).unwrap();
    door.remove_own(&mark).unwrap();
    assert!(!mark.as_path().exists());
}

#[test]
fn managed_files_are_written_only_over_what_was_seen() {
    let sandbox = Sandbox::new();
    let (door, builder) = (sandbox.door(), sandbox.builders().join("b"));
    door.make_directory(&builder).unwrap();
    let to = rel("a b/c/Task.yaml");
    door.write_managed(&builder, &to, &text("one\n"), None).unwrap();
    assert!(why(door.write_managed(&builder, &to, &text("two\n"), None)).contains("changed since the plan"));
    door.write_managed(&builder, &to, &text("two\n"), Some(&hash(b"one\n"))).unwrap();
    assert_eq!(std::fs::read(to.under(&builder)).unwrap(), b"two\n");
    std::fs::write(to.under(&builder), "edited\n").unwrap();
    assert!(why(door.write_managed(&builder, &to, &text("three\n"), Some(&hash(b"two\n")))).contains("changed"));
    assert!(why(door.remove_managed(&builder, &to, &hash(b"two\n"))).contains("changed"));
    assert_eq!(std::fs::read(to.under(&builder)).unwrap(), b"edited\n");
    assert_eq!(std::fs::read_dir(builder.join("a b/c")).unwrap().count(), 1, "no temporary file is left");

    door.remove_managed(&builder, &to, &hash(b"edited\n")).unwrap();
    assert!(!builder.join("a b").as_path().exists(), "empty parents go");
    assert!(builder.as_path().exists());
}

#[test]
fn managed_files_may_be_links_and_executable() {
    let sandbox = Sandbox::new();
    let (door, builder) = (sandbox.door(), sandbox.builders().join("b"));
    door.make_directory(&builder).unwrap();
    let run = FileContent::Bytes { bytes: b"#!/bin/sh\n".to_vec(), executable: true, private: false };
    door.write_managed(&builder, &rel("run"), &run, None).unwrap();
    assert_eq!(std::fs::metadata(builder.join("run")).unwrap().permissions().mode() & 0o100, 0o100);
    let link = FileContent::Link("../../x".into());
    door.write_managed(&builder, &rel("link"), &link, None).unwrap();
    assert_eq!(std::fs::read_link(builder.join("link")).unwrap(), Path::new("../../x"));
    door.write_managed(&builder, &rel("link"), &text("now a file"), Some(&hash(b"../../x"))).unwrap();
    assert!(builder.join("link").as_path().symlink_metadata().unwrap().is_file());
}

#[test]
fn managed_files_never_go_through_a_link() {
    let sandbox = Sandbox::new();
    let (door, builder) = (sandbox.door(), sandbox.builders().join("b"));
    door.make_directory(&builder).unwrap();
    std::fs::create_dir(sandbox.path("outside")).unwrap();
    symlink(sandbox.path("outside"), builder.join("in")).unwrap();
    assert!(why(door.write_managed(&builder, &rel("in/file"), &text("x"), None)).contains("symbolic link"));
    assert!(why(door.write_managed(&builder, &rel("in/deep/file"), &text("x"), None)).contains("symbolic link"));
    assert_eq!(std::fs::read_dir(sandbox.path("outside")).unwrap().count(), 0);
    symlink(sandbox.path("outside/new"), builder.join("end")).unwrap();
    assert!(why(door.write_managed(&builder, &rel("end"), &text("x"), None)).contains("changed"));
    assert!(!sandbox.path("outside/new").exists());
}

#[test]
fn rename_replaces_nothing() {
    let sandbox = Sandbox::new();
    let (door, builders) = (sandbox.door(), sandbox.builders());
    door.make_directory(&builders.join("one")).unwrap();
    door.make_directory(&builders.join("two")).unwrap();
    assert!(door.rename(&builders.join("one"), &builders.join("two")).is_err());
    assert!(builders.join("one").as_path().exists());
    door.rename(&builders.join("one"), &builders.join("three")).unwrap();
    door.write_own(&builders.join("three/file"), b"x", Lasts::Now).unwrap();
    assert!(door.remove_empty(&builders.join("three")).is_err());
    door.remove_empty(&builders.join("two")).unwrap();
    door.remove_empty(&builders.join("two")).unwrap();
}

#[test]
fn unlink_stays_below_our_own_directory() {
    let sandbox = Sandbox::new();
    let (door, builders) = (sandbox.door(), sandbox.builders());
    let entry = builders.join(".wsctl/trash/e");
    door.make_directory(&entry.join("tree/locked")).unwrap();
    sandbox.write("precious/file", "x");
    symlink(sandbox.path("precious"), entry.join("tree/link")).unwrap();
    std::fs::set_permissions(entry.join("tree/locked"), std::fs::Permissions::from_mode(0o500)).unwrap();
    assert!(door.unlink(&builders.join("b")).is_err());
    assert!(door.unlink(&builders.join(".wsctl")).is_err());
    assert!(door.unlink(&builders.join(".wsctl/../../precious")).is_err());
    symlink(sandbox.path("precious"), builders.join(".wsctl/trash/out")).unwrap();
    assert!(door.unlink(&builders.join(".wsctl/trash/out/file")).is_err());
    door.unlink(&entry).unwrap();
    door.unlink(&entry).unwrap();
    door.unlink(&builders.join(".wsctl/trash/out")).unwrap();
    assert!(sandbox.path("precious/file").exists());
    assert!(!entry.as_path().exists());
}

#[test]
fn locks_say_who_holds_them_and_end_with_their_holder() {
    let sandbox = Sandbox::new();
    let repository = abs(sandbox.repository("repos/api").join(".git"));
    let (builders, none) = (sandbox.builders(), Duration::ZERO);
    let said = std::cell::RefCell::new(Vec::new());
    let waiting = |text: &str| said.borrow_mut().push(text.to_owned());
    let held = Locks::take(&builders, std::slice::from_ref(&repository), none, &waiting).unwrap().unwrap();
    let error = Locks::take(&builders, &[], none, &waiting).unwrap_err();
    let fault = error.downcast_ref::<Diagnostic>().unwrap();
    assert!(fault.message.contains(&format!("pid {}", std::process::id())), "{fault}");
    assert!(fault.next.contains("--lock-timeout"));
    assert!(said.borrow().is_empty());
    assert!(Locks::take(&builders, &[], Duration::from_millis(1), &waiting).is_err());
    assert_eq!(said.borrow().len(), 1);
    drop(held);
    let soon = Duration::from_secs(60);
    Locks::take(&builders, std::slice::from_ref(&repository), soon, &|_| {}).unwrap().unwrap();
    // Two ways to one repository are one lock.
    std::os::unix::fs::symlink(sandbox.path("repos"), sandbox.path("way")).unwrap();
    let other_way = abs(sandbox.path("way/api/.git"));
    let mut held = Locks::take(&builders, &[repository.clone(), other_way.clone()], soon, &|_| {}).unwrap().unwrap();
    assert!(held.holds(&other_way) && held.hold_also(&other_way));
    let further = abs(sandbox.repository("repos/web").join(".git"));
    let other = std::fs::File::create(further.join("wsctl.lock")).unwrap();
    other.lock().unwrap();
    assert!(!held.hold_also(&further) && !held.holds(&further));
    other.unlock().unwrap();
    assert!(held.hold_also(&further) && held.holds(&further));
}

#[test]
fn locks_tell_whether_anybody_had_them_since_a_look() {
    let sandbox = Sandbox::new();
    let repositories = ["repos/api", "repos/web"].map(|name| abs(sandbox.repository(name)));
    let [api, web] = repositories.each_ref().map(|repository| repository.join(".git"));
    let builders = sandbox.builders();
    let take = |common: &[&AbsPath]| {
        let common: Vec<AbsPath> = common.iter().copied().cloned().collect();
        Locks::take(&builders, &common, Duration::from_secs(60), &|_| {}).unwrap().unwrap()
    };
    let look = || Unheld::look(&builders, &repositories);
    let locks = || [builders.join(".wsctl/lock"), api.join("wsctl.lock"), web.join("wsctl.lock")];
    // As if the last of them was taken long ago. Waits: a child of another test that has not come to its exec yet shares
    // what was open here.
    let settle = || {
        for lock in locks().iter().filter(|lock| lock.as_path().exists()) {
            let file = std::fs::File::options().write(true).open(lock).unwrap();
            file.lock().unwrap();
            file.set_modified(std::time::SystemTime::now() - Duration::from_secs(9)).unwrap();
            file.unlock().unwrap();
        }
    };

    let before = look();
    assert!(locks().iter().all(|lock| !lock.as_path().exists()), "a look makes none");
    assert!(take(&[&api]).were_unheld_since(&before), "new ones are nobody's");
    assert!(!take(&[&api]).were_unheld_since(&before), "somebody made them");
    assert!(!take(&[]).were_unheld_since(&look()), "it was taken within this tick of the clock");
    settle();
    let before = look();
    drop(take(&[&web]));
    assert!(!take(&[&api]).were_unheld_since(&before), "the workspace's was taken");
    settle();
    let before = look();
    assert!(take(&[&api, &web]).were_unheld_since(&before));
    settle();
    let other = std::fs::File::open(api.join("wsctl.lock")).unwrap();
    other.lock().unwrap();
    let before = look();
    other.unlock().unwrap();
    assert!(!take(&[&api]).were_unheld_since(&before), "it was held at that moment");
    settle();
    let before = look();
    std::fs::remove_file(api.join("wsctl.lock")).unwrap();
    assert!(!take(&[&api]).were_unheld_since(&before), "another file");
    settle();
    assert!(!take(&[&api]).were_unheld_since(&Unheld::look(&builders, [])), "nobody looked at that one");
}
