//! The program itself, in sandboxes of real git.

mod life;
mod twice;
