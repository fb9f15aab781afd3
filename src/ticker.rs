//! The clock that JavaScript reads from memory: one thread stores the time once a millisecond.
//!
//! It runs on a lease that a request renews. When the lease is over the clock reads as infinite, so
//! that no value is live by it and the next request comes here; an idle process has no wake-ups.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::Thread,
    time::Duration,
};

use lazy_layers_engine::clock::Clock;
use parking_lot::Mutex;

use crate::raw::memory::Shared;

const TICK: Duration = Duration::from_millis(1);
const LEASE_MICROS: u64 = 250_000;

/// The process's clock: all entries of all environments count from one origin.
pub(crate) fn clock() -> &'static Clock {
    static CLOCK: OnceLock<Clock> = OnceLock::new();
    CLOCK.get_or_init(Clock::new)
}

/// The clock words of all environments.
static WORDS: Mutex<Vec<(u64, Shared<AtomicU64>)>> = Mutex::new(Vec::new());
static NEXT_ID: AtomicU64 = AtomicU64::new(0);
static LEASE_END: AtomicU64 = AtomicU64::new(0);
static RUNNING: AtomicBool = AtomicBool::new(false);
static THREAD: OnceLock<Option<Thread>> = OnceLock::new();

/// A clock word that is kept up to date while the lease runs, until this is dropped.
pub(crate) struct ClockWord {
    id: u64,
}

impl ClockWord {
    /// Starts to keep the first element of `word` up to date.
    pub(crate) fn register(word: Shared<AtomicU64>) -> ClockWord {
        word.store(0, f64::INFINITY);
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        WORDS.lock().push((id, word));
        ClockWord { id }
    }

    /// Starts the clock for another while, if it does not run.
    pub(crate) fn renew(&self) {
        if RUNNING.load(Ordering::Relaxed) {
            return;
        }
        let now = clock().now();
        LEASE_END.store(now.0 + LEASE_MICROS, Ordering::SeqCst);
        if let Some(thread) = THREAD.get_or_init(start) {
            RUNNING.store(true, Ordering::SeqCst);
            write(now.as_millis_f64());
            thread.unpark();
        }
    }
}

impl Drop for ClockWord {
    fn drop(&mut self) {
        WORDS.lock().retain(|(id, _)| *id != self.id);
    }
}

/// Starts the thread. Without one the clock stays infinite and every request is answered by a call.
fn start() -> Option<Thread> {
    let started = std::thread::Builder::new().name("lazy-layers-clock".into()).spawn(tick);
    started.ok().map(|handle| handle.thread().clone())
}

fn tick() {
    loop {
        let now = clock().now();
        if now.0 < LEASE_END.load(Ordering::SeqCst) {
            write(now.as_millis_f64());
            std::thread::sleep(TICK);
            continue;
        }
        RUNNING.store(false, Ordering::SeqCst);
        write(f64::INFINITY);
        // A renewal between these two stores was written over: look again.
        if clock().now().0 < LEASE_END.load(Ordering::SeqCst) {
            RUNNING.store(true, Ordering::SeqCst);
            continue;
        }
        std::thread::park();
    }
}

fn write(millis: f64) {
    for (_, word) in WORDS.lock().iter() {
        word.store(0, millis);
    }
}
