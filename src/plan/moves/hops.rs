//! The renames of one builder in an order in which every place is free when it is needed.

use crate::model::path::AbsPath;
use crate::plan::relocation::Hop;

/// Something that goes from one place to another.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// Where it is.
    pub(super) from: AbsPath,
    /// Where it will be.
    pub(super) to: AbsPath,
}

/// The renames that bring the builder's directory from `from` to `to`, and every item to its place.
///
/// `stage` is a place of our own. Items may lie outside the directory, be the directory itself, or become it.
pub(super) fn hops(from: &AbsPath, to: &AbsPath, stage: &AbsPath, items: &[Item]) -> Vec<Hop> {
    let is_whole = |item: &&Item| item.from == *from;
    let becomes_whole = |item: &&Item| item.to == *to;
    let (inside, outside): (Vec<&Item>, Vec<&Item>) = items.iter().partition(|item| from.contains(&item.from));
    let mut hops = Vec::new();
    match (inside.iter().copied().find(is_whole), items.iter().find(becomes_whole)) {
        (Some(whole), Some(_) | None) if whole.to != *to => {
            hops.push(hop(from, from, stage));
            for item in inside.iter().filter(|item| item.from != *from) {
                hops.push(hop(&item.from, &shifted(&item.from, from, stage), &item.to));
            }
            hops.push(hop(from, stage, &whole.to));
        }
        (None, Some(whole)) if from.contains(&whole.from) => {
            hops.push(hop(from, from, stage));
            hops.push(hop(&whole.from, &shifted(&whole.from, from, stage), to));
            for item in inside.iter().filter(|item| item.from != whole.from) {
                hops.push(hop(&item.from, &shifted(&item.from, from, stage), &item.to));
            }
        }
        (Some(_) | None, Some(_) | None) => {
            if from != to {
                hops.push(hop(from, from, to));
            }
            let moved = |item: &&Item| Step { origin: item.from.clone(), at: shifted(&item.from, from, to), to: item.to.clone() };
            hops.extend(ordered(inside.iter().map(moved).filter(|step| step.at != step.to).collect(), stage));
        }
    }
    hops.extend(outside.iter().map(|item| hop(&item.from, &item.from, &item.to)));
    hops
}

/// One item on its way.
struct Step {
    origin: AbsPath,
    at: AbsPath,
    to: AbsPath,
}

/// Those first whose place is free; where they wait for each other, one of them waits aside.
fn ordered(mut steps: Vec<Step>, stage: &AbsPath) -> Vec<Hop> {
    let mut hops = Vec::new();
    while !steps.is_empty() {
        let free = |step: &Step| !steps.iter().any(|other| other.at.contains(&step.to) || step.to.contains(&other.at));
        if let Some(index) = steps.iter().position(free) {
            let step = steps.remove(index);
            hops.push(Hop { origin: step.origin, from: step.at, to: step.to });
        } else {
            let aside = stage.join(format!("{}", hops.len()));
            let step = steps.remove(0);
            hops.push(Hop { origin: step.origin.clone(), from: step.at, to: aside.clone() });
            // The next time another one waits aside.
            steps.push(Step { at: aside, ..step });
        }
    }
    hops
}

fn hop(origin: &AbsPath, from: &AbsPath, to: &AbsPath) -> Hop {
    Hop { origin: origin.clone(), from: from.clone(), to: to.clone() }
}

/// A path below one directory as it is below another.
pub(super) fn shifted(path: &AbsPath, from: &AbsPath, to: &AbsPath) -> AbsPath {
    path.as_path().strip_prefix(from).map_or_else(|_| path.clone(), |tail| to.join(tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn abs(path: &str) -> AbsPath {
        AbsPath::new(path).unwrap()
    }

    fn told(from: &str, to: &str, items: &[(&str, &str)]) -> Vec<String> {
        let items: Vec<Item> = items.iter().map(|(from, to)| Item { from: abs(from), to: abs(to) }).collect();
        let hops = hops(&abs(from), &abs(to), &abs("/s"), &items);
        hops.iter().map(|hop| format!("{} {} {}", hop.origin, hop.from, hop.to)).collect()
    }

    #[test]
    fn a_directory_goes_first_and_what_is_in_it_after() {
        let moved = told("/a", "/b", &[("/a/x", "/b/x"), ("/a/y", "/b/repos/y")]);
        assert_eq!(moved, ["/a /a /b", "/a/y /b/y /b/repos/y"]);
        assert_eq!(told("/b", "/b", &[("/out/x", "/b/x")]), ["/out/x /out/x /b/x"]);
    }

    #[test]
    fn places_that_are_exchanged_need_a_third() {
        let moved = told("/a", "/a", &[("/a/x", "/a/y"), ("/a/y", "/a/x"), ("/a/z", "/a/q")]);
        assert_eq!(moved, ["/a/z /a/z /a/q", "/a/x /a/x /s/1", "/a/y /a/y /a/x", "/a/x /s/1 /a/y"]);
        assert_eq!(told("/a", "/a", &[("/a/x", "/a/x/deep")]), ["/a/x /a/x /s/0", "/a/x /s/0 /a/x/deep"]);
        assert_eq!(told("/a", "/a", &[("/a/x/deep", "/a/x")]), ["/a/x/deep /a/x/deep /s/0", "/a/x/deep /s/0 /a/x"]);
        let moved = told("/a", "/a", &[("/a/r", "/a/p/deep"), ("/a/p", "/a/q"), ("/a/q", "/a/p/other")]);
        let aside = ["/a/r /a/r /s/0", "/a/p /a/p /s/1"];
        assert_eq!(moved, [&aside[..], &["/a/q /a/q /a/p/other", "/a/r /s/0 /a/p/deep", "/a/p /s/1 /a/q"]].concat());
    }

    #[test]
    fn a_checkout_becomes_the_builder_and_the_builder_a_checkout() {
        let nested = told("/a", "/a", &[("/a/root", "/a"), ("/a/x", "/a/repos/x")]);
        assert_eq!(nested, ["/a /a /s", "/a/root /s/root /a", "/a/x /s/x /a/repos/x"]);
        let sibling = told("/a", "/b", &[("/a", "/b/root"), ("/a/repos/x", "/b/x")]);
        assert_eq!(sibling, ["/a /a /s", "/a/repos/x /s/repos/x /b/x", "/a /s /b/root"]);
        assert_eq!(told("/a", "/b", &[("/a", "/b"), ("/a/repos/x", "/b/repos/x")]), ["/a /a /b"]);
    }
}
