//! The program itself, in sandboxes of real git.

mod layouts;
mod life;
mod repositories;
mod twice;
