//! The parts of a cache entry: its [`key`], the [`pattern`]s that match keys, and [`tags`].

pub mod key;
pub mod pattern;
pub mod tags;
pub mod version;
