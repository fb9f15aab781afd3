//! The parts of a cache entry: its [`key`] and the [`pattern`]s that match keys.

pub mod key;
pub mod pattern;
