//! Marks: how far a shared store had counted invalidations.

use std::sync::OnceLock;

use crate::clock::Time;

/// How far a shared store had counted invalidations before a load began: what the load comes to is stored only if none
/// of its key came since. Only the store that made it knows what the numbers mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The count beside the entry.
    pub own: u64,
    /// The count beside what lists the entry, where that is elsewhere.
    pub listed: u64,
    /// When it was asked for, by the clock of the store.
    pub taken: Time,
}

/// Where a store puts the mark of a read.
pub type MarkCell = OnceLock<Mark>;
