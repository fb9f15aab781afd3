//! The source of an answer, for callers that ask for it with the value.

use std::{sync::OnceLock, time::Duration};

use crate::clock::Ttl;

crate::words! {
    /// Where an answer came from.
    pub enum Source {
        /// The first layer.
        L1 = "L1",
        /// The second layer.
        L2 = "L2",
        /// The loader of the caller.
        Load = "load",
        /// A stale copy, as the load failed or took too long.
        Stale = "stale",
        /// The knowledge that a loader found nothing.
        Negative = "negative",
    }
}

/// An answer's source and times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Where it came from.
    pub source: Source,
    /// The age of the value; `None` if it was not kept.
    pub age: Option<Duration>,
    /// How long the value is still kept; `None` if that is not known.
    pub left: Option<Ttl>,
}

/// Receives the source of one answer. The first one stays: a load may go on after its caller has been answered.
#[derive(Debug, Default)]
pub struct SourceCell(OnceLock<Known>);

impl SourceCell {
    /// Notes the source, unless there is one already.
    pub fn note(&self, known: Known) {
        // Only the first counts.
        let _ = self.0.set(known);
    }

    /// The source; `None` when nothing was found, or the answer is that of another call.
    #[must_use]
    pub fn known(&self) -> Option<Known> {
        self.0.get().copied()
    }
}
