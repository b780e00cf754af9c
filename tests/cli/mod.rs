//! The program itself, in sandboxes of real git.

mod attacks;
mod input;
mod layouts;
mod life;
mod readme;
mod removal;
mod repositories;
mod restore;
mod restore_blocked;
mod restore_crash;
mod restore_meanwhile;
mod switch;
mod twice;
