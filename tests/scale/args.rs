//! What the benchmark can be told, and the names of its rows.

use std::path::PathBuf;

use clap::ValueEnum as _;

/// Whole `wsctl` commands against git in the same run. Ratios of medians; times are of this machine, now.
#[derive(Debug, clap::Parser)]
#[command(name = "scale", bin_name = "cargo bench --bench scale --")]
pub struct Args {
    /// Rows to measure [default: all]
    #[arg(value_name = "ROW")]
    rows: Vec<Row>,

    /// Number of builders, worktrees and files, as a multiple of what the marks are meant for [default: 1]
    #[arg(long, value_name = "FACTOR")]
    scale: Option<f64>,

    /// Rounds; each measures every contender once [default: 5]
    #[arg(long, value_name = "N")]
    repeats: Option<usize>,

    /// A directory on a disk, in no git repository [default: /var/tmp where it is there, else that of temporary files]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// A directory in memory, for all but the row of the disk [default: /dev/shm where it is there, else that of --dir]
    #[arg(long, value_name = "DIR")]
    memory: Option<PathBuf>,

    /// The `wsctl` to measure [default: the one just built]
    #[arg(long, value_name = "FILE", default_value = env!("CARGO_BIN_EXE_wsctl"), hide_default_value = true)]
    pub program: PathBuf,

    /// Leave what was built, and say where
    #[arg(long)]
    pub keep: bool,

    /// List the rows
    #[arg(long)]
    pub list: bool,

    /// Given by `cargo bench`; without it (`cargo test --benches`) everything is tiny and runs once
    #[arg(long, hide = true)]
    bench: bool,
}

/// What is measured, in the order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Row {
    /// `plan` with nothing to do, 10 repositories × 100 checkouts
    Plan,
    /// `plan` with nothing to do, 10,000 checkouts in 50 repositories against 1,000 in 5
    PlanMany,
    /// `status` of 1,000 checkouts with their files
    Status,
    /// `apply` creating 50 checkouts, in memory
    Create,
    /// The same on a disk
    CreateDisk,
    /// Creating one more where a repository has 300
    OneMore,
    /// Creating 500 more, of few files, where the repositories have 10,000
    CreateMany,
    /// `apply` removing 50 checkouts
    Remove,
    /// One checkout of 20,000 files
    Large,
    /// Peak memory of an `apply` of 5,000 checkouts that does nothing
    Memory,
    /// `--version`
    Version,
    /// Size of the binary
    Size,
}

impl Row {
    pub const ALL: &'static [Row] = &[
        Row::Plan,
        Row::PlanMany,
        Row::Status,
        Row::Create,
        Row::CreateDisk,
        Row::OneMore,
        Row::CreateMany,
        Row::Remove,
        Row::Large,
        Row::Memory,
        Row::Version,
        Row::Size,
    ];

    /// As it is typed.
    pub fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

impl Args {
    pub fn wants(&self, row: Row) -> bool {
        self.rows.is_empty() || self.rows.contains(&row)
    }

    pub fn scale(&self) -> f64 {
        self.scale.unwrap_or(if self.bench { 1.0 } else { 0.01 })
    }

    pub fn repeats(&self) -> usize {
        self.repeats.unwrap_or(if self.bench { 5 } else { 1 }).max(1)
    }

    pub fn disk(&self) -> PathBuf {
        let place = || there("/var/tmp").unwrap_or_else(std::env::temp_dir);
        self.dir.clone().unwrap_or_else(place)
    }

    /// Where everything goes that is no question to a disk.
    pub fn memory(&self) -> PathBuf {
        self.memory.clone().or_else(|| there("/dev/shm")).unwrap_or_else(|| self.disk())
    }
}

fn there(directory: &str) -> Option<PathBuf> {
    Some(PathBuf::from(directory)).filter(|path| path.is_dir())
}
