//! Keeps a failing dependency from being called over and over. State machines: `now` is given.

pub mod breaker;
pub mod shared;
