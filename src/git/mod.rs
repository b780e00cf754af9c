//! The only door to writes: one trait, and who implements it. Every method re-checks its precondition
//! where it acts, is never forced, and leaves either the old state or the new one.

mod anchor;
mod answer;
mod arguments;
mod branch;
mod clone;
mod command;
mod contract;
mod door;
pub mod edited;
mod homecoming;
mod keeper;
mod lfs;
mod link;
mod locks;
mod managed;
mod mentions;
mod native;
mod objects;
mod overwrites;
mod own_files;
mod registration;
mod rename;
mod seed;
mod sparse;
mod submodule;
mod sweep;
mod switching;
mod told;
mod unlink;
mod watched;
mod worktree;
mod worktree_lock;

pub use arguments::{
    Added, AnchorContent, Homecoming, Keep, Lasts, NewWorktree, On, Pointed, Progress, Record, Records, Relink, Unsettled,
};
pub use contract::Door;
pub use door::GitDoor;
pub use link::{admin_dir_of, names};
pub use locks::{Locks, Unheld};
pub use managed::content_hash;
pub use own_files::token;
pub use rename::between;
pub use seed::Seeded;
