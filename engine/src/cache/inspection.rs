//! The loads and the state of a cache, as its owner sees them.

use std::{sync::Arc, time::Duration};

use super::Cache;
use crate::{l1::Layer1, value::Value};

/// The cache has no bus, or no longer has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoBus;

/// The loads that a cache runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunningLoads {
    /// How many.
    pub loads: usize,
    /// How long the oldest has been running.
    pub oldest: Option<Duration>,
}

/// The loads and the state of a cache beside its layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inspection {
    /// Loads that run.
    pub running_loads: usize,
    /// Those of them that can be joined.
    pub joinable_loads: usize,
    /// How long the oldest load has been running, also one that cannot be joined.
    pub oldest_load: Option<Duration>,
    /// Keys with reads or loads in flight.
    pub fenced_keys: usize,
    /// Live negative entries.
    pub negative_entries: usize,
    /// Live stale copies.
    pub stale_copies: usize,
    /// Event ids remembered.
    pub seen_events: usize,
    /// Keys whose deletes are counted.
    pub counted_keys: usize,
    /// Invalidations that values of peers are compared with.
    pub recent_invalidations: usize,
}

impl<V: Value> Cache<V> {
    /// A number of the memory layer that no other such layer has while this one is there; `None` without one.
    #[must_use]
    pub fn memory_id(&self) -> Option<usize> {
        match &self.state.l1 {
            Layer1::Memory(memory) => Some(Arc::as_ptr(memory).addr()),
            Layer1::Custom(_) | Layer1::Off => None,
        }
    }
}
