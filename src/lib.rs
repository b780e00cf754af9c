//! `wsctl` makes the builder workspaces on disk match `builders.toml`, and loses no work doing it.
//!
//! ```text
//! builders.toml → config → desired ┐
//!                                  ├→ plan (pure) → view (text, JSON)
//! disk → actual (read-only)        ┘              → apply → git (the only door to writes) → events → view
//! ```
//!
//! Read in this order: [`model`] (the words), [`config`] and [`desired`] (the file), [`actual`] (the disk),
//! [`plan`] (what to do about the difference), [`apply`] and [`git`] (doing it), [`view`] (saying it), [`edit`] (changing
//! the file itself), [`agent`] and [`child`] (what runs in a builder), [`doctor`] (is all well?), [`cli`] (wiring). An arrow never runs backwards; `tests/house.rs` reads the `use crate::` lines and holds them to it.

pub mod actual;
pub mod agent;
pub mod apply;
pub mod child;
pub mod cli;
pub mod config;
pub mod desired;
pub mod diagnostic;
pub mod doctor;
pub mod edit;
pub mod git;
pub mod model;
pub mod plan;
mod regular;
pub mod saved;
pub mod trash;
pub mod view;
