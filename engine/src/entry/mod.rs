//! The parts of a cache entry: its [`key`], the [`pattern`]s that match keys, and the [`source`] of an answer.

pub mod key;
pub mod pattern;
pub mod source;
