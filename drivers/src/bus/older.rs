//! Instances of 0.4.0 on a bus. They take one value of a message, so they are sent each by itself.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use lazy_layers_engine::{
    bus::{Body, wire::Decoded},
    clock::{Clock, Time, Ttl},
};

/// For an hour after an event of 0.4.0 there may be an instance of it.
const STAYS: Ttl = Ttl(3600 * 1_000_000);

/// Whether instances of 0.4.0 were heard lately.
pub(super) struct Older {
    clock: Clock,
    /// Until when there may be one: a [`Time`], 0 if there was none.
    until: AtomicU64,
}

impl Older {
    pub(super) fn new(clock: Clock) -> Older {
        Older { clock, until: AtomicU64::new(0) }
    }

    /// Looks at an event that has arrived.
    pub(super) fn hear(&self, event: &Decoded) {
        if is_of_older(event) {
            self.until.store(self.clock.now().after(STAYS).0, Relaxed);
        }
    }

    /// Whether there may be an instance of 0.4.0.
    pub(super) fn are_near(&self) -> bool {
        let until = Time(self.until.load(Relaxed));
        until > Time::ZERO && self.clock.now() < until
    }
}

/// Whether the sender of an event knows no numbers of invalidations.
fn is_of_older(event: &Decoded) -> bool {
    let Decoded::Event { message, number } = event else { return false };
    match message.body {
        Body::Delete(_) | Body::Pattern(_) => number.is_none(),
        Body::Set { .. } => message.seen.is_none(),
        Body::Extend { .. } => false,
    }
}
