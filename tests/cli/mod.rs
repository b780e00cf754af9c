//! The program itself, in sandboxes of real git.

mod attacks;
mod brakes;
mod brakes_mount;
mod brakes_place;
mod disposable;
mod input;
mod layouts;
mod life;
mod locking;
mod prune;
mod readme;
mod recovery;
mod removal;
mod repositories;
mod switch;
mod twice;
