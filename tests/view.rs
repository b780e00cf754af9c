//! Tests of `view`: values in, text out.

mod events;
mod fault;
mod hostile;
mod json;
mod plan;
mod table;
mod values;
