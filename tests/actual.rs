//! Tests of `actual`.
