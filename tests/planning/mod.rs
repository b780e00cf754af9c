//! Plans of values: what the file says and what the disk holds are made by hand, the plan is compared as text.

mod anchors;
mod branches;
mod checkouts;
mod drift;
mod files;
mod golden;
mod narrowing;
mod order;
mod properties;
mod references;
mod removals;
mod replacing;
mod repositories;
mod restore;
mod shapes;
mod text;
mod unmanaged;
mod values;
mod world;

use text::{expect, planned};
use world::World;
