//! A breaker for operations that run side by side. While nothing fails it takes no lock.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use parking_lot::Mutex;

use super::breaker::{Breaker, BreakerState};
use crate::clock::Time;

/// A breaker around a dependency that reconnects by itself.
pub struct SharedBreaker {
    breaker: Mutex<Breaker>,
    /// Whether the circuit is closed and no failure counts. Written under the lock.
    is_calm: AtomicBool,
    /// The number of reconnects of the dependency when the breaker was last asked.
    reconnects: AtomicU64,
}

impl SharedBreaker {
    /// Shares a closed breaker. The dependency has reconnected that often.
    #[must_use]
    pub fn new(breaker: Breaker, reconnects: u64) -> SharedBreaker {
        SharedBreaker {
            breaker: Mutex::new(breaker),
            is_calm: AtomicBool::new(true),
            reconnects: AtomicU64::new(reconnects),
        }
    }

    /// The state at `now`.
    #[must_use]
    pub fn state(&self, now: Time) -> BreakerState {
        if self.is_calm.load(Relaxed) { BreakerState::Closed } else { self.breaker.lock().state(now) }
    }

    /// Whether to call; see [`Breaker::can_call`]. A reconnect since the last time ends the cooldown.
    #[must_use]
    pub fn can_call(&self, reconnects: u64, now: Time) -> bool {
        let is_reconnected = self.reconnects.load(Relaxed) != reconnects
            && self.reconnects.swap(reconnects, Relaxed) != reconnects;
        if self.is_calm.load(Relaxed) {
            return true;
        }
        let mut breaker = self.breaker.lock();
        if is_reconnected {
            breaker.end_cooldown(now);
        }
        breaker.can_call(now)
    }

    /// How long until a call may be made; `None` when that is now.
    #[must_use]
    pub fn wait(&self, now: Time) -> Option<Duration> {
        if self.is_calm.load(Relaxed) { None } else { self.breaker.lock().wait(now) }
    }

    /// A call succeeded. Returns the state.
    pub fn record_success(&self) -> BreakerState {
        if self.is_calm.load(Relaxed) {
            return BreakerState::Closed;
        }
        let mut breaker = self.breaker.lock();
        self.is_calm.store(true, Relaxed);
        breaker.record_success()
    }

    /// A call failed. Returns the state after it.
    pub fn record_failure(&self, now: Time) -> BreakerState {
        let mut breaker = self.breaker.lock();
        self.is_calm.store(false, Relaxed);
        breaker.record_failure(now)
    }
}

#[cfg(test)]
mod tests {
    use super::{BreakerState::*, *};
    use crate::{clock::Ttl, resilience::breaker::BreakerOptions};

    fn breaker() -> SharedBreaker {
        let options = BreakerOptions { enabled: true, failure_threshold: 2, cooldown: Ttl(100) };
        SharedBreaker::new(Breaker::new(options), 0)
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_closes_it() {
        let breaker = breaker();
        assert_eq!(breaker.record_failure(Time(0)), Closed);
        assert_eq!(breaker.record_success(), Closed);
        assert_eq!(breaker.record_failure(Time(0)), Closed);
        assert_eq!(breaker.record_failure(Time(0)), Open);
        assert_eq!(breaker.state(Time(0)), Open);
        assert!(!breaker.can_call(0, Time(0)) && breaker.wait(Time(0)).is_some());
        assert_eq!(breaker.record_success(), Closed);
        assert!(breaker.can_call(0, Time(0)) && breaker.wait(Time(0)).is_none());
    }

    #[test]
    fn a_reconnect_ends_the_cooldown_once() {
        let breaker = breaker();
        breaker.record_failure(Time(0));
        breaker.record_failure(Time(0));
        assert!(breaker.can_call(1, Time(1)));
        breaker.record_failure(Time(2));
        assert!(!breaker.can_call(1, Time(3)));
    }
}
