//! The program itself, in sandboxes of real git.

mod attacks;
mod input;
mod layouts;
mod life;
mod readme;
mod recovery;
mod removal;
mod repositories;
mod switch;
mod twice;
