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
}
