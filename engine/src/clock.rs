//! Time for the engine: the only file that reads a clock.
//!
//! [`Time`] is monotonic. In tests it runs on tokio's clock: a test that pauses tokio's time controls every decision.
//! In production it runs on the machine's clock, also while the machine is suspended, and follows the clock that
//! users' tests put in its place. Wall time is used only for the stamps of events and index entries.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{runtime::Handle, time::Instant};

pub use self::steering::Reading;
use self::steering::Steering;
use crate::value::BoxFuture;

mod steering;

/// A point in time: microseconds since the [`Clock`] was made. [`Time::NEVER`] is later than all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

impl Time {
    /// A time that does not come: the expiry of an entry that does not expire.
    pub const NEVER: Time = Time(u64::MAX);
    /// The moment the clock was made.
    pub const ZERO: Time = Time(0);

    /// This time plus a lifetime; [`Time::NEVER`] for [`Ttl::FOREVER`] and on overflow.
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

    /// From milliseconds as [`Time::as_millis_f64`] returns them.
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

    /// The shorter of a lifetime and the rest of another.
    #[must_use]
    pub fn at_most(self, left: Ttl) -> Ttl {
        self.min(left)
    }

    /// As a [`Duration`], `None` when it does not end.
    #[must_use]
    pub fn duration(self) -> Option<Duration> {
        (self != Ttl::FOREVER).then(|| Duration::from_micros(self.0))
    }

    /// In milliseconds, infinite when it does not end. Whole ones stay whole: by seconds, 1001 would not.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "285 years of microseconds are exact")]
    pub fn as_millis_f64(self) -> f64 {
        if self == Ttl::FOREVER { f64::INFINITY } else { self.0 as f64 / 1000.0 }
    }
}

/// Reads the time. All clocks of a process that are copies of one share its origin.
#[derive(Debug, Clone)]
pub struct Clock {
    source: Source,
    steering: Option<Arc<Steering>>,
}

#[derive(Debug, Clone)]
enum Source {
    /// tokio's clock, which tests pause.
    Runtime { origin: Instant, wall: SystemTime },
    /// The machine's, which also counts while the machine is suspended.
    Machine { origin: Duration },
}

impl Clock {
    /// A clock that starts now and runs on tokio's time.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this file is the one that reads the clock")]
    pub fn new() -> Clock {
        let source = Source::Runtime { origin: Instant::now(), wall: SystemTime::now() };
        Clock { source, steering: None }
    }

    /// A clock that starts now and also counts the time that the machine is suspended.
    #[must_use]
    pub fn of_machine() -> Clock {
        Clock { source: Source::Machine { origin: machine_time() }, steering: None }
    }

    /// A clock with the same origin that can be made to follow another one.
    #[must_use]
    pub fn steerable(&self) -> Clock {
        Clock { source: self.source.clone(), steering: Some(Arc::default()) }
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Time {
        match &self.steering {
            None => self.unsteered(),
            Some(steering) => steering.time(|| self.unsteered()),
        }
    }

    /// Lets a steerable clock follow another one, of which this is a reading.
    pub fn follow(&self, reading: Reading) {
        if let Some(steering) = &self.steering {
            steering.follow(reading, self.unsteered());
        }
    }

    /// Lets the clock run by itself again, from the time that it shows now.
    pub fn unfollow(&self) {
        if let Some(steering) = &self.steering {
            steering.unfollow(|| self.unsteered());
        }
    }

    #[expect(clippy::disallowed_methods, reason = "this file is the one that reads the clock")]
    fn unsteered(&self) -> Time {
        let elapsed = match &self.source {
            Source::Runtime { origin, .. } => Instant::now().saturating_duration_since(*origin),
            Source::Machine { origin } => machine_time().saturating_sub(*origin),
        };
        Time(u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX - 1))
    }

    /// Wall time in milliseconds since 1970, for the stamp of an event.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this file is the one that reads the clock")]
    pub fn wall_millis(&self) -> u64 {
        if let Some(millis) = self.steering.as_ref().and_then(|steering| steering.wall_millis()) {
            return millis;
        }
        let wall = match &self.source {
            Source::Runtime { wall, .. } => *wall + Duration::from_micros(self.unsteered().0),
            Source::Machine { .. } => SystemTime::now(),
        };
        wall.duration_since(UNIX_EPOCH)
            .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

/// Time of the machine that does not stand still while the machine is suspended.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn machine_time() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    // The monotonic clock of Linux stops with the machine, that of Apple does not.
    #[cfg(not(target_vendor = "apple"))]
    let time = clock_gettime(ClockId::Boottime);
    #[cfg(target_vendor = "apple")]
    let time = clock_gettime(ClockId::Monotonic);
    let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), nanos)
}

/// Other systems use the clock of the standard library: on Windows it also runs during a suspension.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
#[expect(clippy::disallowed_methods, reason = "this file is the one that reads the clock")]
fn machine_time() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}

impl Default for Clock {
    fn default() -> Self {
        Clock::new()
    }
}

/// Makes a timer that ends after a time, or none.
type MakeTimer = Arc<dyn Fn(Duration) -> Option<BoxFuture<'static, ()>> + Send + Sync>;

/// Makes timers. They need a tokio runtime to be driven by; requests themselves are polled elsewhere.
#[derive(Clone)]
pub struct Timers {
    runtime: Arc<dyn Fn() -> Option<Handle> + Send + Sync>,
    replaced: Option<MakeTimer>,
}

impl Timers {
    /// Timers of the runtime that `runtime` names when the first one is needed.
    #[must_use]
    pub fn on(runtime: impl Fn() -> Option<Handle> + Send + Sync + 'static) -> Timers {
        Timers { runtime: Arc::new(runtime), replaced: None }
    }

    /// The same, but with the timers that `replaced` makes, where it makes one.
    #[must_use]
    pub fn replaced_by(
        self,
        replaced: impl Fn(Duration) -> Option<BoxFuture<'static, ()>> + Send + Sync + 'static,
    ) -> Timers {
        Timers { replaced: Some(Arc::new(replaced)), ..self }
    }

    /// Timers of the runtime in whose context they are made.
    #[must_use]
    pub fn current() -> Timers {
        Timers::on(|| Handle::try_current().ok())
    }

    /// Ends after `time`. Without a runtime it never does: a limit that cannot be watched is no limit.
    #[must_use]
    pub fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        let replaced = self.replaced.as_ref().and_then(|make| make(time));
        replaced.or_else(|| self.rest(time)).unwrap_or_else(|| Box::pin(std::future::pending()))
    }

    /// Ends after `time`, also where timers are replaced; `None` without a runtime.
    #[must_use]
    pub fn rest(&self, time: Duration) -> Option<BoxFuture<'static, ()>> {
        let runtime = (self.runtime)()?;
        let _context = runtime.enter();
        Some(Box::pin(tokio::time::sleep(time)))
    }

    /// Ends when others have had their turn; `None` without a runtime.
    #[must_use]
    pub fn turn(&self) -> Option<BoxFuture<'static, ()>> {
        self.rest(Duration::from_millis(1))
    }

    /// Ends after `ttl`; never if that has no end.
    #[must_use]
    pub fn sleep_ttl(&self, ttl: Option<Ttl>) -> BoxFuture<'static, ()> {
        match ttl.and_then(Ttl::duration) {
            // At once, whatever moves the clock.
            Some(Duration::ZERO) => Box::pin(std::future::ready(())),
            Some(time) => self.sleep(time),
            None => Box::pin(std::future::pending()),
        }
    }
}
