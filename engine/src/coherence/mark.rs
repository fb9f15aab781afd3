//! Marks: how far a shared store had counted invalidations.

use std::sync::OnceLock;

use crate::clock::Time;

/// How far a shared store had counted invalidations before a load began. The result of the load is stored only if its
/// key was not invalidated since. Only the store that made a mark knows the meaning of its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The count beside the entry.
    pub own: u64,
    /// The count beside the index that lists the entry, if that is on another server.
    pub listed: u64,
    /// When it was asked for, by the clock of the store.
    pub taken: Time,
}

/// Where a store puts the mark of a read.
pub type MarkCell = OnceLock<Mark>;
