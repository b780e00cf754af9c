//! What of refs and their logs belongs to one worktree, and how git's numbers in a log are read.

/// Below these, refs belong to one worktree.
pub const OWN_REFS: [&str; 3] = ["refs/worktree", "refs/bisect", "refs/rewritten"];

/// Whether a ref belongs to one worktree: all names beside HEAD do.
#[must_use]
pub fn is_own(name: &str) -> bool {
    let below = |own: &&str| name.strip_prefix(*own).is_some_and(|rest| rest.starts_with('/'));
    !name.contains('/') || OWN_REFS.iter().any(below)
}

/// The revision that names what a ref was before the oldest entry of its log. Each row of the log ends with its number,
/// `HEAD@{0}`; for one more, git tells what was before.
#[must_use]
pub fn before_oldest(name: &str, rows: &[u8]) -> Option<String> {
    let last = rows.trim_ascii_end().strip_suffix(b"}")?.rsplit(|byte| *byte == b'{').next()?;
    let last: usize = std::str::from_utf8(last).ok()?.parse().ok()?;
    Some(format!("{name}@{{{}}}", last + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refs_of_one_worktree_are_told() {
        for own in ["HEAD", "ORIG_HEAD", "refs/worktree/x", "refs/bisect/bad"] {
            assert!(is_own(own), "{own}");
        }
        for shared in ["refs/heads/HEAD", "refs/worktrees/x", "refs/heads/refs/bisect/x"] {
            assert!(!is_own(shared), "{shared}");
        }
    }

    #[test]
    fn what_was_before_a_log_has_the_next_number() {
        assert_eq!(before_oldest("HEAD", b"1f HEAD@{0}\n2f HEAD@{1}\n").as_deref(), Some("HEAD@{2}"));
        assert_eq!(before_oldest("refs/heads/a{b}", b"1f refs/heads/a{b}@{9}\n").as_deref(), Some("refs/heads/a{b}@{10}"));
        for none in ["", "\n", "1f HEAD@{yesterday}\n", "1f HEAD\n"] {
            assert_eq!(before_oldest("HEAD", none.as_bytes()), None, "{none}");
        }
    }
}
