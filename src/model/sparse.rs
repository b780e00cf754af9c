//! Which directories of a repository a checkout has: git's cone mode, in which the files of every directory above a chosen
//! one are there too, and all others are left out.

use std::collections::BTreeSet;

use super::path::RelPath;

/// The directories that are chosen.
pub type Cone = BTreeSet<RelPath>;

/// What a worktree's own `info/sparse-checkout` says, while that is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sparse {
    /// Directories.
    Cone(Cone),
    /// Patterns that are no cone.
    Patterns,
}

impl Sparse {
    /// Reads the file.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let lines: BTreeSet<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        let mut cone = Cone::new();
        for line in &lines {
            if *line == "/*" || line.starts_with('!') {
                continue;
            }
            let directory = line.strip_prefix('/').and_then(|line| line.strip_suffix('/'));
            let Some(directory) = directory.filter(|name| !name.contains(['*', '?', '[', '\\'])) else { return Sparse::Patterns };
            // A directory above a chosen one is followed by a pattern that leaves its own directories out.
            if !lines.contains(format!("!{line}*/").as_str()) {
                let Ok(directory) = RelPath::new(directory) else { return Sparse::Patterns };
                cone.insert(directory);
            }
        }
        let whole = lines.contains("/*") && lines.contains("!/*/");
        if whole { Sparse::Cone(cone) } else { Sparse::Patterns }
    }
}

/// Directories for people: `services, docs/api`.
#[must_use]
pub fn shown(cone: Option<&Cone>) -> String {
    match cone {
        None => "all directories".into(),
        Some(cone) if cone.is_empty() => "no directory".into(),
        Some(cone) => cone.iter().map(RelPath::as_str).collect::<Vec<_>>().join(", "),
    }
}

/// Whether a path that git does not track lies in a directory that it tracks and that is left out: git deletes it with that
/// directory where it is ignored, and keeps the directory where it is not.
#[must_use]
pub fn goes_along(path: &[u8], cone: &Cone, tracked: &BTreeSet<&[u8]>) -> bool {
    left_out(path, cone)
        .is_some_and(|directory| tracked.range(directory..).next().is_some_and(|found| found.starts_with(directory)))
}

/// The outermost directory around a path, with its `/`, that is not in the cone.
fn left_out<'a>(path: &'a [u8], cone: &Cone) -> Option<&'a [u8]> {
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| end);
    let mut directories = ends.map(|end| &path[..=end]);
    directories.find(|directory| {
        let Ok(name) = std::str::from_utf8(&directory[..directory.len() - 1]) else { return true };
        let Ok(name) = RelPath::new(name) else { return true };
        !cone.iter().any(|chosen| chosen.contains(&name) || name.contains(chosen))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cone(names: &[&str]) -> Sparse {
        Sparse::Cone(names.iter().map(|name| RelPath::new(name).unwrap()).collect())
    }

    #[test]
    fn what_git_writes_is_read_back() {
        assert_eq!(Sparse::read("/*\n!/*/\n"), cone(&[]));
        assert_eq!(Sparse::read("/*\n!/*/\n/services/\n"), cone(&["services"]));
        let deep = "/*\n!/*/\n/services/\n!/services/*/\n/docs/\n/services/a/\n";
        assert_eq!(Sparse::read(deep), cone(&["docs", "services/a"]));
        assert_eq!(Sparse::read("*.md\n"), Sparse::Patterns);
        assert_eq!(Sparse::read("/*\n!/*/\n/a/*.md\n"), Sparse::Patterns);
        assert_eq!(Sparse::read("/services/\n"), Sparse::Patterns);
    }

    #[test]
    fn directories_outside_a_cone() {
        let cone: Cone = ["services", "docs/api"].iter().map(|name| RelPath::new(name).unwrap()).collect();
        assert_eq!(left_out(b"README", &cone), None);
        assert_eq!(left_out(b"services/a/b.log", &cone), None);
        assert_eq!(left_out(b"docs/index.md", &cone), None);
        assert_eq!(left_out(b"docs/web/x", &cone), Some(&b"docs/web/"[..]));
        assert_eq!(left_out(b"lib/deep/x", &cone), Some(&b"lib/"[..]));
        assert_eq!(left_out(b"lib\xff/x", &cone), Some(&b"lib\xff/"[..]));
    }
}
