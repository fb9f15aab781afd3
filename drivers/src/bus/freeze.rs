//! Notices that the process was frozen, or its machine suspended. Until the process has received the events of that
//! time, nothing may be served from memory unasked.
//!
//! The runtime stores the time every 250 ms. The first thread to run after a freeze finds a stored time from long
//! before. That is a thread that answers hits, or the runtime itself.

use std::{
    sync::{
        OnceLock, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use lazy_layers_engine::clock::Clock;
use parking_lot::Mutex;

use super::handle::BusState;

/// How often the runtime says that it is alive.
pub(super) const ALIVE: Duration = Duration::from_millis(250);
/// When the runtime was silent for this long, the process did not run, or was so busy that it may have missed much.
const FROZEN_MICROS: u64 = 1_000_000;
/// Nobody listens.
const NOBODY: u64 = u64::MAX;

static LAST: AtomicU64 = AtomicU64::new(NOBODY);
/// The number of listeners. Held to report a freeze, and to begin or end listening, so that `LAST` can only rise
/// during the report.
static LISTENING: Mutex<usize> = Mutex::new(0);
static BUSES: Mutex<Vec<Weak<BusState>>> = Mutex::new(Vec::new());

/// The machine's clock, which goes on while it is suspended.
fn now() -> u64 {
    static CLOCK: OnceLock<Clock> = OnceLock::new();
    CLOCK.get_or_init(Clock::of_machine).now().0
}

/// Checks whether the process was frozen. If so, all caches on a bus receive the missed events before they serve
/// anything from memory. Called before a look at the clock answers hits.
pub fn look() {
    if LAST.load(SeqCst) != NOBODY {
        look_at(now());
    }
}

fn look_at(now: u64) {
    if was_frozen(LAST.load(SeqCst), now) {
        thaw(now);
    }
}

fn was_frozen(last: u64, now: u64) -> bool {
    last != NOBODY && now.saturating_sub(last) >= FROZEN_MICROS
}

/// One thread tells all buses; other threads that have noticed the freeze wait for it.
#[cold]
fn thaw(now: u64) {
    let telling = LISTENING.lock();
    if !was_frozen(LAST.load(SeqCst), now) {
        return;
    }
    let buses: Vec<_> = BUSES.lock().iter().filter_map(Weak::upgrade).collect();
    for bus in &buses {
        bus.receivers.blind();
    }
    // After all buses are told: a hit that finds the new time also finds them blind.
    LAST.fetch_max(now, SeqCst);
    drop(telling);
    // Not under the lock: dropping the last handle of a bus runs unknown code.
    drop(buses);
}

/// A listener of a bus, until this is dropped.
pub(super) struct Listening<'a>(&'a AtomicBool);

impl Listening<'_> {
    /// `listens` is true meanwhile.
    pub(super) fn new(listens: &AtomicBool) -> Listening<'_> {
        let mut listening = LISTENING.lock();
        if *listening == 0 {
            LAST.store(now(), SeqCst);
        }
        *listening += 1;
        listens.store(true, SeqCst);
        Listening(listens)
    }

    /// The runtime is alive.
    pub(super) fn is_alive(&self) {
        // A freeze between the two is noticed by the next look.
        let now = now();
        look_at(now);
        LAST.fetch_max(now, SeqCst);
    }
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        // A session may be lost to the freeze before any other thread has noticed the freeze.
        look();
        let mut listening = LISTENING.lock();
        self.0.store(false, SeqCst);
        *listening -= 1;
        if *listening == 0 {
            LAST.store(NOBODY, SeqCst);
        }
    }
}

/// A bus whose receivers are to be told.
pub(super) fn register(bus: Weak<BusState>) {
    let mut buses = BUSES.lock();
    buses.retain(|bus| bus.strong_count() > 0);
    buses.push(bus);
}
