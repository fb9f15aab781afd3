//! Time for the engine: the only file that reads a clock.
//!
//! [`Time`] is monotonic and runs on tokio's clock, so a test that pauses tokio's time owns every
//! decision made here. Wall time is used for the stamp of a bus event and for nothing else.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{runtime::Handle, time::Instant};

use crate::value::BoxFuture;

/// A point in time: microseconds since the [`Clock`] was made. [`Time::NEVER`] is later than all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

impl Time {
    /// A time that does not come: the expiry of an entry that does not expire.
    pub const NEVER: Time = Time(u64::MAX);
    /// The moment the clock was made.
    pub const ZERO: Time = Time(0);

    /// This time plus a lifetime; [`Ttl::FOREVER`] and overflow give [`Time::NEVER`].
    #[must_use]
    pub fn after(self, ttl: Ttl) -> Time {
        Time(self.0.saturating_add(ttl.0))
    }

    /// Milliseconds as JavaScript reads them; [`Time::NEVER`] is infinite.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "microseconds of 285 years fit 53 bits")]
    pub fn as_millis_f64(self) -> f64 {
        if self == Time::NEVER { f64::INFINITY } else { self.0 as f64 / 1000.0 }
    }

    /// From milliseconds as [`Time::as_millis_f64`] gives them.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    pub fn from_millis_f64(millis: f64) -> Time {
        Time((millis * 1000.0) as u64)
    }

    /// How long after `earlier` this is; zero when it is not after it.
    #[must_use]
    pub fn since(self, earlier: Time) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

/// A lifetime in microseconds. [`Ttl::FOREVER`] does not end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ttl(pub u64);

impl Ttl {
    /// A lifetime that does not end.
    pub const FOREVER: Ttl = Ttl(u64::MAX);
    /// No time at all.
    pub const NONE: Ttl = Ttl(0);

    /// From milliseconds as users give them: `0` and `Infinity` (and anything beyond 285 years)
    /// mean no expiry.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked: positive and below 2^53"
    )]
    pub fn from_millis_f64(millis: f64) -> Ttl {
        const LONGEST_MS: f64 = 9.0e12;
        if millis > 0.0 && millis < LONGEST_MS { Ttl((millis * 1000.0).ceil() as u64) } else { Ttl::FOREVER }
    }

    /// The shorter of a lifetime and what is left of another.
    #[must_use]
    pub fn at_most(self, left: Ttl) -> Ttl {
        self.min(left)
    }

    /// As a [`Duration`], `None` when it does not end.
    #[must_use]
    pub fn duration(self) -> Option<Duration> {
        (self != Ttl::FOREVER).then(|| Duration::from_micros(self.0))
    }
}

/// Reads the time. One per process in production, so that all entries share one origin.
#[derive(Debug, Clone)]
pub struct Clock {
    origin: Instant,
    wall_origin: SystemTime,
}

impl Clock {
    /// A clock that starts now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this file is the one that reads the clock")]
    pub fn new() -> Clock {
        Clock { origin: Instant::now(), wall_origin: SystemTime::now() }
    }

    /// The time now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this file is the one that reads the clock")]
    pub fn now(&self) -> Time {
        let elapsed = Instant::now().saturating_duration_since(self.origin);
        Time(u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX - 1))
    }

    /// Wall time in milliseconds since 1970, for the stamp of an event.
    #[must_use]
    pub fn wall_millis(&self) -> u64 {
        let wall = self.wall_origin + Duration::from_micros(self.now().0);
        wall.duration_since(UNIX_EPOCH)
            .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

impl Default for Clock {
    fn default() -> Self {
        Clock::new()
    }
}

/// Makes timers. They need a tokio runtime to be driven by; requests themselves are polled elsewhere.
#[derive(Clone)]
pub struct Timers {
    runtime: Arc<dyn Fn() -> Option<Handle> + Send + Sync>,
}

impl Timers {
    /// Timers of the runtime that `runtime` names when the first one is needed.
    #[must_use]
    pub fn on(runtime: impl Fn() -> Option<Handle> + Send + Sync + 'static) -> Timers {
        Timers { runtime: Arc::new(runtime) }
    }

    /// Timers of the runtime in whose context they are made.
    #[must_use]
    pub fn current() -> Timers {
        Timers::on(|| Handle::try_current().ok())
    }

    /// Ends after `time`. Without a runtime it never does: a limit that cannot be watched is no limit.
    #[must_use]
    pub fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        match (self.runtime)() {
            Some(runtime) => {
                let _context = runtime.enter();
                Box::pin(tokio::time::sleep(time))
            }
            None => Box::pin(std::future::pending()),
        }
    }

    /// Ends when others have had their turn; `None` without a runtime.
    #[must_use]
    pub fn turn(&self) -> Option<BoxFuture<'static, ()>> {
        (self.runtime)().is_some().then(|| self.sleep(Duration::from_millis(1)))
    }

    /// Ends after `ttl`, never when that is no end.
    #[must_use]
    pub fn sleep_ttl(&self, ttl: Option<Ttl>) -> BoxFuture<'static, ()> {
        match ttl.and_then(Ttl::duration) {
            Some(time) => self.sleep(time),
            None => Box::pin(std::future::pending()),
        }
    }
}
