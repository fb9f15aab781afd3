//! The time without a session.

use std::time::Duration;

use lazy_layers_engine::clock::{Clock, Time};

/// When there was no session.
pub(super) struct Away {
    clock: Clock,
    /// Since when there is none.
    since: Option<Time>,
    /// When the last ended time without a session began.
    last: Option<Time>,
}

impl Away {
    pub(super) fn new() -> Away {
        Away { clock: Clock::new(), since: None, last: None }
    }

    pub(super) fn begin(&mut self) {
        self.since.get_or_insert(self.clock.now());
    }

    pub(super) fn end(&mut self) {
        self.last = self.since.take();
    }

    pub(super) fn ago(&self) -> Duration {
        self.last.map_or(Duration::ZERO, |last| self.clock.now().since(last))
    }
}
