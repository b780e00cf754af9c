//! The words of the house: names, addresses, paths, what is wanted, what is there.
//! Plain values; no I/O, no gix, no printing.

mod abs_path;
pub mod actual;
pub mod address;
pub mod builder;
pub mod clock;
pub mod desired;
pub mod escaped;
pub mod journal;
mod journal_header;
pub mod lfs;
pub mod located;
pub mod mark;
pub mod moved;
pub mod name;
pub mod obstacle;
pub mod own_refs;
pub mod path;
pub mod pattern;
pub mod policy;
pub mod registration;
mod relocating;
pub mod schema;
pub mod size;
pub mod source;
pub mod sparse;
mod spelling;
pub mod stamp;
pub mod status;
pub mod stored;
pub mod submodule;
pub mod trash;
pub mod work;
