//! The steps of the sequences.

use std::time::Duration;

use proptest::prelude::*;

pub(crate) const KEYS: [&str; 5] = ["a1", "a2", "b1", "b2", "c"];
pub(crate) const PATTERNS: [&str; 5] = ["a*", "?1", "*2", "*", "c"];
pub(crate) const UNIT: Duration = Duration::from_millis(100);

pub(crate) fn key() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&KEYS[..])
}

pub(crate) fn pattern() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&PATTERNS[..])
}

/// A lifetime in units; `None` does not end.
pub(crate) fn life() -> impl Strategy<Value = Option<u32>> {
    prop_oneof![4 => (1..30_u32).prop_map(Some), 1 => Just(None)]
}

/// Which of the loads that run a step is about.
pub(crate) fn nth() -> impl Strategy<Value = usize> {
    0..8_usize
}

/// How a load ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    Value,
    Nothing,
    Error,
    Dropped,
}

pub(crate) fn end() -> impl Strategy<Value = End> {
    prop_oneof![5 => Just(End::Value), 2 => Just(End::Nothing), 2 => Just(End::Error), 1 => Just(End::Dropped)]
}
