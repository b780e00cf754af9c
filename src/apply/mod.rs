//! Walks a plan: order, re-checks, events. Decides nothing.

pub mod event;
