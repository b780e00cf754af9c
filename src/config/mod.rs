//! The file → `Config`: schema, checks, spans.
