//! The disk → `Actual`: gix and `std::fs`; never writes.

mod anchor;
mod builders;
mod clock;
mod content;
mod count;
mod disk;
mod disposable;
mod examine;
mod files;
pub mod git;
mod head;
mod index;
mod open;
mod parallel;
pub mod place;
mod places;
mod processes;
mod read;
mod refs;
mod registration;
mod remains;
mod repository;
mod status;
mod strays;
mod submodule;
mod tracked;
mod trash;
mod walk;
mod work;

pub use clock::boot;
pub use examine::examine;
pub use read::read;
pub use repository::{bases, repository};
pub use status::status;
pub use strays::strays;
pub use work::work;
