//! While the bus is down no invalidations arrive: the lifetimes of entries may be capped.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use tokio::sync::watch;

use crate::clock::Ttl;

/// Whether the bus is down, and the cap that holds then.
#[derive(Debug)]
pub(crate) struct Outage {
    /// Rises with each change: odd while the bus is down.
    changes: AtomicU64,
    longest: Option<Ttl>,
    /// Whether messages that were missed are about to arrive: to be looked at, and to be waited for.
    blind: AtomicBool,
    is_blind: watch::Sender<bool>,
}

impl Outage {
    pub(crate) fn new(longest: Option<Ttl>) -> Outage {
        Outage {
            changes: AtomicU64::new(0),
            longest,
            blind: AtomicBool::new(false),
            is_blind: watch::Sender::new(false),
        }
    }

    pub(crate) fn set_blind(&self, is_blind: bool) {
        self.blind.store(is_blind, SeqCst);
        self.is_blind.send_replace(is_blind);
    }

    /// Whether nothing may be served from memory.
    pub(crate) fn is_blind(&self) -> bool {
        self.blind.load(SeqCst)
    }

    /// Ends once it may.
    pub(crate) async fn sight(&self) {
        // Closed only with the cache.
        drop(self.is_blind.subscribe().wait_for(|is_blind| !is_blind).await);
    }

    /// A lifetime, as it may be now.
    pub(crate) fn cap(&self, ttl: Ttl) -> Ttl {
        match self.longest {
            Some(longest) if self.changes.load(SeqCst) % 2 == 1 => ttl.at_most(longest),
            _ => ttl,
        }
    }

    /// The bus is down. Returns the number of this outage, and the cap; `None` when it was down already or there is
    /// no cap.
    pub(crate) fn begin(&self) -> Option<(u64, Ttl)> {
        let longest = self.longest?;
        let before =
            self.changes.fetch_update(SeqCst, SeqCst, |changes| (changes % 2 == 0).then_some(changes + 1));
        before.ok().map(|before| (before + 1, longest))
    }

    /// The bus is back.
    pub(crate) fn end(&self) {
        let end = |changes| (changes % 2 == 1).then_some(changes + 1);
        // Refused when it was up already.
        let _ = self.changes.fetch_update(SeqCst, SeqCst, end);
    }

    /// Whether that outage still goes on.
    pub(crate) fn goes_on(&self, outage: u64) -> bool {
        self.changes.load(SeqCst) == outage
    }
}
