//! Rules while the bus is down: as no invalidations arrive, the lifetimes of entries may be capped.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use tokio::sync::watch;

use crate::clock::Ttl;

/// Whether the bus is down, and the cap that holds then.
#[derive(Debug)]
pub(crate) struct Outage {
    /// Rises with each change: odd while the bus is down.
    changes: AtomicU64,
    longest: Option<Ttl>,
    /// Whether missed messages have yet to arrive: `blind` is for a look, `blindness` for waiting. The first is
    /// written under the lock of the second.
    blind: AtomicBool,
    blindness: watch::Sender<Blindness>,
}

/// Whether this instance is blind, and how often it has become so.
#[derive(Debug, Default)]
struct Blindness {
    count: u64,
    lasts: bool,
}

impl Outage {
    pub(crate) fn new(longest: Option<Ttl>) -> Outage {
        Outage {
            changes: AtomicU64::new(0),
            longest,
            blind: AtomicBool::new(false),
            blindness: watch::Sender::default(),
        }
    }

    /// Nothing may be served from memory from now on. Returns false if that was so already.
    pub(crate) fn begin_blindness(&self) -> bool {
        let mut is_first = false;
        self.blindness.send_modify(|blindness| {
            blindness.count += 1;
            is_first = !std::mem::replace(&mut blindness.lasts, true);
            self.blind.store(true, SeqCst);
        });
        is_first
    }

    /// The number of the last blindness.
    pub(crate) fn blindness(&self) -> u64 {
        self.blindness.borrow().count
    }

    /// Ends the blindness of that number. A newer one stays. Returns whether it has ended.
    pub(crate) fn end_blindness(&self, number: u64) -> bool {
        self.blindness.send_if_modified(|blindness| {
            let ends = blindness.lasts && blindness.count == number;
            if ends {
                blindness.lasts = false;
                self.blind.store(false, SeqCst);
            }
            ends
        })
    }

    /// Whether nothing may be served from memory.
    pub(crate) fn is_blind(&self) -> bool {
        self.blind.load(SeqCst)
    }

    /// Waits until values in memory may be served.
    pub(crate) async fn sight(&self) {
        // Closed only with the cache.
        drop(self.blindness.subscribe().wait_for(|blindness| !blindness.lasts).await);
    }

    /// A lifetime, capped if the bus is down.
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
