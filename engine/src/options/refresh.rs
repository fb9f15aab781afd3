//! When an entry is loaded anew before it expires, and by how much lifetimes vary.

use crate::clock::{Time, Ttl};

/// From here on before the end `xfetch` may decide for a refresh, in multiples of the cost of a load: earlier it does
/// so once in a thousand reads.
const XFETCH_LOOKS: f64 = 6.9;

/// When reads load values anew that have not expired. Off by default.
#[derive(Debug, Clone, Copy, Default)]
pub struct Refresh {
    /// The first read past this fraction of the life does.
    pub ahead: Option<f64>,
    /// A read does with a probability that rises towards the end, the earlier the longer the last load took: the beta
    /// of Vattani, Chierichetti and Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015.
    pub xfetch: Option<f64>,
    /// The read does, whatever the life: the value is known to be stale.
    pub at_once: bool,
}

/// The life of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifespan {
    /// When its load began.
    pub stamp: Time,
    /// When it ends.
    pub expires: Time,
    /// How long its load took, if that is known.
    pub cost: Option<Ttl>,
}

impl Refresh {
    /// Whether there are any refreshes.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.ahead.is_some() || self.xfetch.is_some() || self.at_once
    }

    /// The refreshes of two caches together.
    #[must_use]
    pub fn earliest(self, other: Refresh) -> Refresh {
        let least = |one: f64, other: f64| one.min(other);
        let ahead = self.ahead.into_iter().chain(other.ahead).reduce(least);
        let xfetch = self.xfetch.into_iter().chain(other.xfetch).reduce(f64::max);
        Refresh { ahead, xfetch, at_once: false }
    }

    /// From when on a refresh may be due: reads have to ask.
    #[must_use]
    pub fn looks_from(&self, life: Lifespan) -> Time {
        if life.expires == Time::NEVER {
            return Time::NEVER;
        }
        let ahead = self.ahead.map_or(Time::NEVER, |_| self.ahead_from(life));
        let lead = self.lead(life);
        ahead.min(Time(life.expires.0.saturating_sub(lead)))
    }

    /// Whether one is due, by a random number above 0 and up to 1.
    #[must_use]
    pub fn is_due(&self, life: Lifespan, now: Time, chance: impl FnOnce() -> f64) -> bool {
        if self.at_once || life.expires == Time::NEVER {
            return self.at_once;
        }
        if self.ahead.is_some() && now >= self.ahead_from(life) {
            return true;
        }
        let Some((beta, cost)) = self.xfetch.zip(life.cost) else { return false };
        scaled(cost.0, beta * -chance().ln()) >= life.expires.0.saturating_sub(now.0)
    }

    /// How much a value in a layer with the lifetime `ttl` must have left, so that no refresh is due for it.
    #[must_use]
    pub fn least_left(&self, ttl: Ttl, cost: Option<Ttl>) -> Ttl {
        if self.at_once {
            return Ttl::FOREVER;
        }
        let ahead = self.ahead.map_or(0, |fraction| scaled(ttl.0, 1.0 - fraction));
        let life = Lifespan { stamp: Time::ZERO, expires: Time::ZERO, cost };
        Ttl(ahead.max(self.lead(life)))
    }

    fn ahead_from(&self, life: Lifespan) -> Time {
        let rest = 1.0 - self.ahead.unwrap_or(1.0);
        let length = life.expires.0.saturating_sub(life.stamp.0);
        Time(life.expires.0.saturating_sub(scaled(length, rest)))
    }

    /// For how long before its end reads of an entry ask because of `xfetch`.
    fn lead(&self, life: Lifespan) -> u64 {
        self.xfetch.zip(life.cost).map_or(0, |(beta, cost)| scaled(cost.0, beta * XFETCH_LOOKS))
    }
}

/// By which fraction lifetimes are shortened at most. Not at all by default.
#[derive(Debug, Clone, Copy, Default)]
pub struct Jitter {
    /// In the memory layer.
    pub l1: f64,
    /// In the second layer.
    pub l2: f64,
}

/// A lifetime, shortened by up to that fraction, by a random number.
#[must_use]
pub fn jittered(ttl: Ttl, most: f64, chance: impl FnOnce() -> f64) -> Ttl {
    if most <= 0.0 || ttl == Ttl::FOREVER || ttl == Ttl::NONE {
        return ttl;
    }
    // Less than all of it, so it does not become a lifetime of nothing.
    Ttl(scaled(ttl.0, 1.0 - most * chance()).clamp(1, ttl.0))
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "microseconds; saturates"
)]
fn scaled(micros: u64, by: f64) -> u64 {
    (micros as f64 * by).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(cost: Option<Ttl>) -> Lifespan {
        Lifespan { stamp: Time(1000), expires: Time(2000), cost }
    }

    #[test]
    fn ahead_is_a_fraction_of_the_life() {
        let refresh = Refresh { ahead: Some(0.8), ..Refresh::default() };
        assert_eq!(refresh.looks_from(life(None)), Time(1800));
        assert!(!refresh.is_due(life(None), Time(1799), || 1.0));
        assert!(refresh.is_due(life(None), Time(1800), || 1.0));
        assert_eq!(refresh.least_left(Ttl(1000), None), Ttl(200));
        let endless = Lifespan { expires: Time::NEVER, ..life(None) };
        assert_eq!(refresh.looks_from(endless), Time::NEVER);
        assert!(!refresh.is_due(endless, Time(u64::MAX - 1), || 0.1));
    }

    #[test]
    fn xfetch_is_the_earlier_the_longer_the_load_took() {
        let refresh = Refresh { xfetch: Some(1.0), ..Refresh::default() };
        let cost = Some(Ttl(100));
        assert_eq!(refresh.looks_from(life(cost)), Time(1310));
        assert_eq!(refresh.looks_from(life(None)), Time(2000));
        // exp(-1): 100 microseconds before the end, where the cost is 100.
        assert!(refresh.is_due(life(cost), Time(1900), || 0.36));
        assert!(!refresh.is_due(life(cost), Time(1900), || 0.37));
        assert!(!refresh.is_due(life(None), Time(1999), || 0.001));
    }

    #[test]
    fn at_once_is_due_at_any_time_of_any_life() {
        let refresh = Refresh { at_once: true, ..Refresh::default() };
        assert!(refresh.is_on() && refresh.is_due(life(None), Time(1000), || 1.0));
        let endless = Lifespan { expires: Time::NEVER, ..life(None) };
        assert!(refresh.is_due(endless, Time(1000), || 1.0));
        assert_eq!(refresh.least_left(Ttl(1000), None), Ttl::FOREVER);
    }

    #[test]
    fn a_jittered_lifetime_is_never_longer() {
        assert_eq!(jittered(Ttl(1000), 0.1, || 1.0), Ttl(900));
        assert_eq!(jittered(Ttl(1000), 0.1, || 1e-9), Ttl(1000));
        assert_eq!(jittered(Ttl(1000), 0.0, || 1.0), Ttl(1000));
        assert_eq!(jittered(Ttl::FOREVER, 0.5, || 1.0), Ttl::FOREVER);
        assert_eq!(jittered(Ttl::NONE, 0.5, || 1.0), Ttl::NONE);
    }
}
