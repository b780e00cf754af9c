//! `Config` → `Desired`: every default filled in. Pure.
