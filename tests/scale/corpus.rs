//! Repositories made of nothing: the same bytes on every machine, by one `git fast-import` each.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::world::World;

/// What a repository holds.
pub struct Shape {
    pub files: usize,
    pub commits: usize,
    /// Of a file, on average; 48 bytes each.
    pub lines: usize,
}

/// Like the repositories of people: 200 files of 4 kB.
pub const USUAL: Shape = Shape { files: 200, commits: 50, lines: 80 };
/// So small that registrations, refs and marks are what is left to read.
pub const SMALL: Shape = Shape { files: 3, commits: 2, lines: 4 };

/// Makes bare repositories `r00.git`, `r01.git`, … in a directory.
pub fn origins(world: &World, directory: &Path, number: usize, shape: &Shape) -> Vec<PathBuf> {
    let origin = |number| {
        let path = directory.join(format!("{}.git", name(number)));
        world.git(directory, &["init", "-q", "--bare", path.to_str().unwrap()]);
        import(world, &path, &history(number, shape));
        path
    };
    (0..number).map(origin).collect()
}

/// What the repository of this number is called.
pub fn name(number: usize) -> String {
    format!("r{number:02}")
}

/// Clones each of these below `repos/` of a workspace.
pub fn clone(world: &World, root: &Path, origins: &[PathBuf]) {
    for (number, origin) in origins.iter().enumerate() {
        let path = root.join("repos").join(name(number));
        world.git(root, &["clone", "-q", origin.to_str().unwrap(), path.to_str().unwrap()]);
    }
}

/// Where file `number` of so many lies.
fn path(number: usize, of: usize) -> String {
    format!("src/m{:02}/d{:03}/file{number:05}.rs", number % 7, (number / 7) % (of / 20).max(1))
}

/// A file that every repository has.
pub fn first_file() -> String {
    path(0, 1)
}

/// A stream for `git fast-import`: all files, then commits that change four each.
fn history(seed: usize, shape: &Shape) -> String {
    let mut random = Random(seed as u64 + 1);
    let mut stream = String::new();
    for commit in 0..shape.commits {
        let when = 1_700_000_000 + commit;
        let message = format!("c{commit:03}");
        let _ = write!(stream, "commit refs/heads/main\ncommitter Test <test@example.com> {when} +0000\n");
        let _ = writeln!(stream, "data {}\n{message}", message.len());
        let changed: Vec<usize> = match commit {
            0 => (0..shape.files).collect(),
            _ => (0..4).map(|_| random.below(shape.files)).collect(),
        };
        for number in changed {
            file(&mut stream, &path(number, shape.files), &text(&mut random, shape.lines));
        }
        if commit == 0 {
            file(&mut stream, ".gitignore", "target/\n*.log\n");
            file(&mut stream, ".gitattributes", "*.bin binary\n");
        }
    }
    stream
}

fn file(stream: &mut String, path: &str, text: &str) {
    let _ = writeln!(stream, "M 100644 inline {path}\ndata {}\n{text}", text.len());
}

/// Between a quarter and seven quarters of so many lines.
fn text(random: &mut Random, lines: usize) -> String {
    let lines = lines / 4 + random.below(lines * 3 / 2 + 1);
    (0..lines.max(1)).fold(String::new(), |mut text, _| {
        let _ = writeln!(text, "{:016x}{:016x} let x = {};", random.next(), random.next(), random.next() >> 44);
        text
    })
}

fn import(world: &World, repository: &Path, stream: &str) {
    let mut command = world.command("git", repository);
    let mut child = command.args(["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stream.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "git fast-import: {}", String::from_utf8_lossy(&output.stderr));
}

/// A xorshift generator: numbers enough to be incompressible, the same ones everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678;
        self.0 ^= self.0 >> 32;
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}
