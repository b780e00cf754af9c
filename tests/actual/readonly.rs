//! Tests of `readonly`.
