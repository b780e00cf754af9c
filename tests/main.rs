//! One test binary: values and tables first, real git in a sandbox where it matters, the program itself last.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::too_many_lines,
    clippy::must_use_candidate,
    clippy::new_without_default,
    reason = "tests say what they do by their names"
)]

mod actual;
mod benchmark;
mod cli;
mod config;
mod door;
mod edit;
mod hazards;
mod house;
mod planning;
mod proofs;
#[path = "scale/main.rs"]
mod scale;
mod support;
mod view;
