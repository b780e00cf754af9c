//! Tests of `builders`.
