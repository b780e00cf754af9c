//! The program itself, in sandboxes of real git.

mod attacks;
mod brakes;
mod brakes_mount;
mod brakes_place;
mod disposable;
mod include;
mod input;
mod journal;
mod layouts;
mod life;
mod locking;
mod moves;
mod narrowing;
mod prune;
mod readme;
mod recovery;
mod removal;
mod replacing;
mod repositories;
mod restore;
mod restore_blocked;
mod restore_crash;
mod restore_meanwhile;
mod schema;
mod switch;
mod twice;
