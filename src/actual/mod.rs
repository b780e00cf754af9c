//! The disk → `Actual`: gix and `std::fs`; never writes.
