//! Lets a clock follow another one: that of users' tests with fake timers.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::SeqCst};

use parking_lot::Mutex;

use super::Time;

/// No time is set.
const NONE: u64 = u64::MAX;

/// The reading of the followed clock, in its own milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// Now.
    pub shows: f64,
    /// The reading it would have now if nobody had put it in the place of the real one. Not a number if
    /// unknown.
    pub would_show: f64,
    /// Whether it shows the milliseconds since 1970.
    pub is_wall: bool,
}

/// Makes a clock show another time than its source.
#[derive(Debug)]
pub(super) struct Steering {
    /// The time while another clock is followed.
    set: AtomicU64,
    /// Its wall time in milliseconds.
    wall: AtomicU64,
    /// Otherwise, the microseconds by which the clock is ahead of the source.
    ahead: AtomicI64,
    /// The last reading of the followed clock.
    shown: Mutex<Option<f64>>,
}

impl Default for Steering {
    fn default() -> Self {
        Steering {
            set: AtomicU64::new(NONE),
            wall: AtomicU64::new(NONE),
            ahead: AtomicI64::new(0),
            shown: Mutex::new(None),
        }
    }
}

impl Steering {
    pub(super) fn time(&self, source: impl FnOnce() -> Time) -> Time {
        match self.set.load(SeqCst) {
            NONE => Time(source().0.saturating_add_signed(self.ahead.load(SeqCst))),
            set => Time(set),
        }
    }

    pub(super) fn wall_millis(&self) -> Option<u64> {
        Some(self.wall.load(SeqCst)).filter(|millis| *millis != NONE)
    }

    /// Time advances by the difference between this reading and the last one. If the followed clock was put
    /// back, time stands still and continues from there: entries do not live longer for it.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; not below 0")]
    pub(super) fn follow(&self, reading: Reading, source: Time) {
        if !reading.shows.is_finite() {
            return;
        }
        let mut shown = self.shown.lock();
        let would_show = if reading.would_show.is_finite() { reading.would_show } else { reading.shows };
        let passed = reading.shows - shown.unwrap_or(would_show);
        let micros = (passed.max(0.0) * 1000.0).round() as u64;
        let time = self.time(|| source).0.saturating_add(micros).min(NONE - 1);
        *shown = Some(reading.shows);
        let wall = if reading.is_wall { reading.shows.max(0.0) as u64 } else { NONE };
        self.wall.store(wall, SeqCst);
        self.set.store(time, SeqCst);
    }

    /// Goes by the source again: from the time set last, or from the source's if that is later.
    pub(super) fn unfollow(&self, source: impl FnOnce() -> Time) {
        let mut shown = self.shown.lock();
        let set = self.set.load(SeqCst);
        if set == NONE {
            return;
        }
        let ahead = i64::try_from(set).unwrap_or(i64::MAX).saturating_sub_unsigned(source().0);
        self.ahead.fetch_max(ahead, SeqCst);
        *shown = None;
        self.wall.store(NONE, SeqCst);
        self.set.store(NONE, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(steering: &Steering, shows: f64, would_show: f64, source: u64) -> u64 {
        steering.follow(Reading { shows, would_show, is_wall: true }, Time(source));
        steering.time(|| Time(source)).0
    }

    fn time(steering: &Steering, source: u64) -> u64 {
        steering.time(|| Time(source)).0
    }

    #[test]
    fn a_clock_that_was_replaced_and_advanced_before_anybody_looked_is_followed_from_the_real_time() {
        let steering = Steering::default();
        assert_eq!(follow(&steering, 6000.0, 1000.0, 100), 5_000_100);
        assert_eq!(time(&steering, 900), 5_000_100);
        assert_eq!(follow(&steering, 6001.5, 1000.0, 900), 5_001_600);
        assert_eq!(steering.wall_millis(), Some(6001));
    }

    #[test]
    fn a_clock_that_is_put_back_goes_on_from_there() {
        let steering = Steering::default();
        assert_eq!(follow(&steering, 0.0, 1000.0, 100), 100);
        assert_eq!(follow(&steering, 10.0, 1000.0, 100), 10_100);
        assert_eq!(follow(&steering, 4.0, 1000.0, 100), 10_100);
        assert_eq!(follow(&steering, 5.0, 1000.0, 100), 11_100);
    }

    #[test]
    fn time_never_goes_back_when_a_clock_is_not_followed_any_more() {
        let steering = Steering::default();
        assert_eq!(follow(&steering, 3.0, 0.0, 50), 3050);
        steering.unfollow(|| Time(60));
        assert_eq!((time(&steering, 60), time(&steering, 70)), (3050, 3060));
        assert_eq!(steering.wall_millis(), None);
    }

    #[test]
    fn what_passed_while_a_followed_clock_stood_still_counts_afterwards() {
        let steering = Steering::default();
        assert_eq!(follow(&steering, 1.0, 0.0, 0), 1000);
        steering.unfollow(|| Time(9000));
        assert_eq!(time(&steering, 9000), 9000);
    }

    #[test]
    fn a_reading_that_is_no_number_changes_nothing() {
        let steering = Steering::default();
        assert_eq!(follow(&steering, f64::NAN, 0.0, 7), 7);
        assert_eq!(follow(&steering, 2.0, 0.0, 7), 2007);
        assert_eq!(follow(&steering, f64::INFINITY, 0.0, 7), 2007);
    }
}
