//! What a cache entry is made of: its [`key`] and the [`pattern`]s that match keys.

pub mod key;
pub mod pattern;
