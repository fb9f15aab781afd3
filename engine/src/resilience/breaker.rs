//! A circuit breaker: after failures in a row, calls are skipped for a while, then one tries.
//!
//! ```text
//!            failure_threshold failures in a row
//!   ┌────────┐ ─────────────────────────────────► ┌──────┐ ◄─────────────┐
//!   │ closed │                                    │ open │               │ failure
//!   └────────┘ ◄──┐                               └──────┘               │
//!                 │ success            cooldown is over │           ┌───────────┐
//!                 │                                     └─────────► │ half-open │
//!                 └──────────────────────────────────────────────── └───────────┘
//! ```
//!
//! Half-open lets one call through, the probe. One that reports nothing for another cooldown is given
//! up for lost, and the next call takes its place. A success closes from any state, also one of a call
//! that began before the circuit opened: it answered. A failure of such a call does not prolong an open
//! circuit, or calls that time out late would keep it open forever.

use std::time::Duration;

use tracing::{debug, info, warn};

use crate::{
    clock::{Time, Ttl},
    targets::BREAKER,
};

/// When a circuit opens, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerOptions {
    /// `true`. Off: every call goes through, and the circuit counts as closed.
    pub enabled: bool,
    /// Failures in a row that open the circuit: 3. 0 counts as 1.
    pub failure_threshold: u32,
    /// How long calls are skipped before one tries: 30 seconds. [`Ttl::FOREVER`]: none tries.
    pub cooldown: Ttl,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        BreakerOptions { enabled: true, failure_threshold: 3, cooldown: Ttl(30_000_000) }
    }
}

crate::words! {
    /// The state of a circuit, as events and users see it.
    pub enum BreakerState {
        /// Calls go through.
        Closed = "closed",
        /// Calls are skipped.
        Open = "open",
        /// One call goes through and decides.
        HalfOpen = "half-open",
    }
}

/// A circuit breaker. It calls nothing: callers ask [`Breaker::can_call`] and record the outcome.
#[derive(Debug)]
pub struct Breaker {
    options: BreakerOptions,
    circuit: Circuit,
    /// The name of the guarded layer or bus, for the log.
    of: String,
}

#[derive(Debug, Clone, Copy)]
enum Circuit {
    Closed {
        /// In a row, fewer than the threshold.
        failures: u32,
    },
    /// Open before `until`, half-open without a probe from then on.
    Open { until: Time },
    /// Half-open, with a probe that is given up for lost at `lost_at`.
    Probing { lost_at: Time },
}

impl Breaker {
    /// A closed circuit.
    #[must_use]
    pub fn new(options: BreakerOptions) -> Breaker {
        Breaker {
            options,
            circuit: Circuit::Closed { failures: 0 },
            of: "an object of the user's".to_owned(),
        }
    }

    /// One around a part of a cache.
    #[must_use]
    pub fn around(part: &str, cache: Option<&str>, options: BreakerOptions) -> Breaker {
        let of = cache.map_or_else(|| part.to_owned(), |cache| format!("{part} of {cache}"));
        Breaker { of, ..Breaker::new(options) }
    }

    /// The state at `now`.
    #[must_use]
    pub fn state(&self, now: Time) -> BreakerState {
        match self.circuit {
            Circuit::Closed { .. } => BreakerState::Closed,
            Circuit::Open { until } if now < until => BreakerState::Open,
            Circuit::Open { .. } | Circuit::Probing { .. } => BreakerState::HalfOpen,
        }
    }

    /// Whether to call. True in half-open makes the caller the probe: it has to record the outcome.
    #[must_use]
    pub fn can_call(&mut self, now: Time) -> bool {
        match self.circuit {
            Circuit::Closed { .. } => true,
            Circuit::Open { until: busy_until } | Circuit::Probing { lost_at: busy_until } => {
                let is_probe = busy_until <= now;
                if is_probe {
                    debug!(target: BREAKER, of = %self.of, "half-open: one call tries");
                    self.circuit = Circuit::Probing { lost_at: now.after(self.options.cooldown) };
                }
                is_probe
            }
        }
    }

    /// How long until [`Breaker::can_call`] may say yes; `None` when it does so now.
    #[must_use]
    pub fn wait(&mut self, now: Time) -> Option<Duration> {
        if self.can_call(now) {
            return None;
        }
        match self.circuit {
            Circuit::Closed { .. } => None,
            Circuit::Open { until } | Circuit::Probing { lost_at: until } => {
                Some(if until == Time::NEVER { Duration::MAX } else { until.since(now) })
            }
        }
    }

    /// The dependency works again: an open circuit is half-open from now on.
    pub fn end_cooldown(&mut self, now: Time) {
        if let Circuit::Open { until } | Circuit::Probing { lost_at: until } = &mut self.circuit {
            *until = now.min(*until);
        }
    }

    /// A call succeeded: the circuit closes and failures count from zero. Returns the state.
    pub fn record_success(&mut self) -> BreakerState {
        if !matches!(self.circuit, Circuit::Closed { .. }) {
            info!(target: BREAKER, of = %self.of, "closed: a call succeeded");
        }
        self.circuit = Circuit::Closed { failures: 0 };
        BreakerState::Closed
    }

    /// A call failed. Returns the state after it.
    pub fn record_failure(&mut self, now: Time) -> BreakerState {
        let reopened = Circuit::Open { until: now.after(self.options.cooldown) };
        self.circuit = match self.circuit {
            closed @ Circuit::Closed { .. } if !self.options.enabled => closed,
            Circuit::Closed { failures } => {
                let failures = failures.saturating_add(1);
                if failures < self.options.failure_threshold {
                    Circuit::Closed { failures }
                } else {
                    let cooldown_ms = self.options.cooldown.as_millis_f64();
                    warn!(target: BREAKER, of = %self.of, failures, cooldown_ms, "open: calls are skipped");
                    reopened
                }
            }
            open @ Circuit::Open { until } if now < until => open,
            Circuit::Open { .. } | Circuit::Probing { .. } => {
                debug!(target: BREAKER, of = %self.of, "open again: the call that tried failed");
                reopened
            }
        };
        self.state(now)
    }
}

#[cfg(test)]
mod tests {
    use super::{BreakerState::*, *};

    const COOLDOWN: u64 = 100;

    fn breaker() -> Breaker {
        Breaker::new(BreakerOptions { enabled: true, failure_threshold: 2, cooldown: Ttl(COOLDOWN) })
    }

    /// A circuit that opened at time 0.
    fn opened() -> Breaker {
        let mut breaker = breaker();
        breaker.record_failure(Time(0));
        assert_eq!(breaker.record_failure(Time(0)), Open);
        breaker
    }

    fn half_open() -> Breaker {
        let mut breaker = opened();
        assert!(breaker.can_call(Time(COOLDOWN)));
        breaker
    }

    #[test]
    fn failures_in_a_row_open_a_closed_circuit() {
        let mut breaker = breaker();
        assert_eq!(breaker.record_failure(Time(0)), Closed);
        assert!(breaker.can_call(Time(0)));
        assert_eq!(breaker.record_failure(Time(0)), Open);
        assert!(!breaker.can_call(Time(0)));
    }

    #[test]
    fn a_success_between_failures_starts_the_count_again() {
        let mut breaker = breaker();
        breaker.record_failure(Time(0));
        assert_eq!(breaker.record_success(), Closed);
        assert_eq!(breaker.record_failure(Time(0)), Closed);
    }

    #[test]
    fn an_open_circuit_skips_calls_until_the_cooldown_is_over() {
        let mut breaker = opened();
        assert_eq!(breaker.state(Time(COOLDOWN - 1)), Open);
        assert!(!breaker.can_call(Time(COOLDOWN - 1)));
        assert_eq!(breaker.state(Time(COOLDOWN)), HalfOpen);
        assert!(breaker.can_call(Time(COOLDOWN)));
    }

    #[test]
    fn a_cooldown_that_is_ended_lets_one_call_try() {
        let mut breaker = opened();
        breaker.end_cooldown(Time(1));
        assert!(breaker.can_call(Time(1)));
        assert!(!breaker.can_call(Time(1)));
        breaker.record_success();
        breaker.end_cooldown(Time(2));
        assert_eq!(breaker.state(Time(2)), Closed);
    }

    #[test]
    fn a_late_failure_does_not_prolong_an_open_circuit() {
        let mut breaker = opened();
        assert_eq!(breaker.record_failure(Time(COOLDOWN - 1)), Open);
        assert_eq!(breaker.state(Time(COOLDOWN)), HalfOpen);
    }

    #[test]
    fn a_late_success_closes_an_open_circuit() {
        let mut breaker = opened();
        assert_eq!(breaker.record_success(), Closed);
        assert!(breaker.can_call(Time(1)));
    }

    #[test]
    fn half_open_lets_one_probe_through() {
        let mut breaker = half_open();
        assert!(!breaker.can_call(Time(COOLDOWN)));
        assert_eq!(breaker.state(Time(COOLDOWN)), HalfOpen);
    }

    #[test]
    fn the_success_of_the_probe_closes() {
        let mut breaker = half_open();
        assert_eq!(breaker.record_success(), Closed);
        assert!(breaker.can_call(Time(COOLDOWN)) && breaker.can_call(Time(COOLDOWN)));
        assert_eq!(breaker.record_failure(Time(COOLDOWN)), Closed);
    }

    #[test]
    fn one_failure_of_the_probe_opens_for_another_cooldown() {
        let mut breaker = half_open();
        assert_eq!(breaker.record_failure(Time(COOLDOWN + 5)), Open);
        assert!(!breaker.can_call(Time(2 * COOLDOWN + 4)));
        assert!(breaker.can_call(Time(2 * COOLDOWN + 5)));
    }

    #[test]
    fn a_failure_recorded_without_a_probe_opens_again() {
        let mut breaker = opened();
        assert_eq!(breaker.record_failure(Time(COOLDOWN)), Open);
        assert_eq!(breaker.state(Time(2 * COOLDOWN - 1)), Open);
    }

    #[test]
    fn a_probe_that_never_reports_is_replaced_after_another_cooldown() {
        let mut breaker = half_open();
        assert!(!breaker.can_call(Time(2 * COOLDOWN - 1)));
        assert!(breaker.can_call(Time(2 * COOLDOWN)));
        assert!(!breaker.can_call(Time(2 * COOLDOWN)));
    }

    #[test]
    fn a_cooldown_without_end_never_lets_a_probe_through() {
        let mut breaker = Breaker::new(BreakerOptions {
            failure_threshold: 0,
            cooldown: Ttl::FOREVER,
            ..Default::default()
        });
        assert_eq!(breaker.record_failure(Time(0)), Open);
        assert!(!breaker.can_call(Time(u64::MAX - 1)));
    }

    #[test]
    fn a_disabled_breaker_is_always_closed() {
        let mut breaker = Breaker::new(BreakerOptions { enabled: false, ..Default::default() });
        for _ in 0..10 {
            assert_eq!(breaker.record_failure(Time(0)), Closed);
        }
        assert!(breaker.can_call(Time(0)));
        assert_eq!(breaker.state(Time(0)).as_str(), "closed");
    }

    #[test]
    fn states_are_named_as_users_know_them() {
        assert_eq!([Closed, Open, HalfOpen].map(BreakerState::as_str), ["closed", "open", "half-open"]);
    }
}
