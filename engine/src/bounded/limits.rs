//! The bounds of a map, and its evictions.

use super::Bounded;

/// How much a map may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most entries; at least 1 (0 counts as 1). A map has room for 2^32 - 2 at the very most.
    pub entries: usize,
    /// The most weight of all entries together, in the unit of the weights given; `None` is no limit.
    pub bytes: Option<u64>,
}

/// How many entries left a map on their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Evicted {
    /// To make room for others, or as the policy did not admit them.
    pub capacity: u64,
    /// Because their time was over: noticed when they are asked for, or make room.
    pub expired: u64,
}

impl<T> Bounded<T> {
    /// How many entries are held, live or not.
    #[must_use]
    pub fn held(&self) -> usize {
        self.slab.len()
    }

    /// The weight of all entries held; `None` in a map that is not bounded in bytes. Expired ones count until something
    /// removes them.
    #[must_use]
    pub fn weight(&self) -> Option<u64> {
        self.limits.bytes.map(|_| self.weights.total())
    }

    /// How many entries left on their own.
    #[must_use]
    pub fn evicted(&self) -> Evicted {
        self.leaving.counts
    }
}
