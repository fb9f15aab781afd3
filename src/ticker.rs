//! The clock that JavaScript reads from memory: one thread stores the time once a millisecond.
//!
//! A word is finite while it is in use. The thread of its environment makes it finite; it becomes infinite at the
//! next turn of that thread's loop ([`crate::raw::turns`]), or when the lease of the clock thread ends. No value is
//! live by an infinite word, so the next hit looks at the real clock. The clock thread moves finite words forward and
//! never makes an infinite word finite. An idle process has no wake-ups.
//!
//! On a busy machine the clock thread is late, and so are the words. So hits compare with a word that is ahead of the
//! time by a margin larger than that delay: a value that expires within the margin is not answered without a look.

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

use crate::{contract::clock as word, raw::memory::Shared};

const TICK: Duration = Duration::from_millis(1);
/// How long the clock thread runs after a look.
const LEASE_MICROS: u64 = 250_000;
/// The same where the turns of the loop are not known: the longest time for which a word of an earlier turn may be
/// used.
const SHORT_LEASE_MICROS: u64 = 5_000;

/// The margin is twice the longest delay of the clock thread, between these two bounds.
const MARGIN_MICROS: (u64, u64) = (10_000, 250_000);
/// With each tick the margin shrinks by one part of this many.
const SHRINKS: u64 = 2_048;

/// The process's clock: all environments count from its origin.
pub(crate) fn clock() -> &'static Clock {
    static CLOCK: OnceLock<Clock> = OnceLock::new();
    CLOCK.get_or_init(Clock::of_machine)
}

/// A word of an environment, and its clock.
struct Word {
    id: u64,
    word: Shared<AtomicU64>,
    clock: Clock,
}

/// The clock words of all environments.
static WORDS: Mutex<Vec<Word>> = Mutex::new(Vec::new());
static NEXT_ID: AtomicU64 = AtomicU64::new(0);
static LEASE: AtomicU64 = AtomicU64::new(LEASE_MICROS);
static LEASE_END: AtomicU64 = AtomicU64::new(0);
static MARGIN: AtomicU64 = AtomicU64::new(MARGIN_MICROS.0);
static RUNNING: AtomicBool = AtomicBool::new(false);
static THREAD: OnceLock<Option<Thread>> = OnceLock::new();

/// A clock word that is moved forward while the lease runs, until this is dropped.
pub(crate) struct ClockWord {
    id: u64,
    word: Shared<AtomicU64>,
}

impl ClockWord {
    /// Takes the words of an array, which are infinite until the first look.
    pub(crate) fn register(word: Shared<AtomicU64>, clock: Clock) -> ClockWord {
        unset(&word);
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        WORDS.lock().push(Word { id, word: word.clone(), clock });
        ClockWord { id, word }
    }

    /// Sets the time, which the word shows until the turn or the lease is over.
    pub(crate) fn set(&self, millis: f64) {
        if THREAD.get_or_init(start).is_none() {
            return;
        }
        self.word.store(word::TIME, millis);
        self.word.store(word::HITS, millis + margin());
        // After the store: either this finds the thread stopped, or that finds the word and makes it infinite.
        std::sync::atomic::fence(Ordering::SeqCst);
        if !RUNNING.load(Ordering::SeqCst) {
            self.renew();
        }
    }

    /// Every value has to be asked for from here on.
    pub(crate) fn unset(&self) {
        unset(&self.word);
    }

    #[cold]
    fn renew(&self) {
        let now = clock().now().0;
        LEASE_END.store(now + LEASE.load(Ordering::Relaxed), Ordering::SeqCst);
        if let Some(Some(thread)) = THREAD.get() {
            RUNNING.store(true, Ordering::SeqCst);
            thread.unpark();
        }
    }
}

/// Every value has to be asked for from here on.
pub(crate) fn unset(word: &Shared<AtomicU64>) {
    word.store(word::HITS, f64::INFINITY);
    word.store(word::TIME, f64::INFINITY);
}

/// The margin in milliseconds.
#[expect(clippy::cast_precision_loss, reason = "at most a quarter of a second")]
fn margin() -> f64 {
    MARGIN.load(Ordering::Relaxed) as f64 / 1000.0
}

/// The time from one tick to the next, on which the margin depends.
fn learn(elapsed: u64) {
    let (least, most) = MARGIN_MICROS;
    let late = elapsed.saturating_sub(u64::try_from(TICK.as_micros()).unwrap_or(0));
    let margin = MARGIN.load(Ordering::Relaxed);
    let shrunk = margin - margin / SHRINKS;
    MARGIN.store((late * 2).max(shrunk).clamp(least, most), Ordering::Relaxed);
}

impl Drop for ClockWord {
    fn drop(&mut self) {
        WORDS.lock().retain(|word| word.id != self.id);
    }
}

/// Somewhere the end of a turn goes unnoticed: leases are short from here on.
pub(crate) fn shorten_leases() {
    LEASE.store(SHORT_LEASE_MICROS, Ordering::Relaxed);
}

/// Starts the thread. Without one words stay infinite and every hit looks at the clock.
fn start() -> Option<Thread> {
    let started = std::thread::Builder::new().name("lazy-layers-clock".into()).spawn(tick);
    started.ok().map(|handle| handle.thread().clone())
}

fn tick() {
    let mut last = None;
    loop {
        let now = clock().now();
        if let Some(last) = last.replace(now.0) {
            learn(now.0 - last);
            if now.0 - last > LEASE_MICROS {
                // The process was frozen: the next hit looks at the clock, and so notices the freeze.
                WORDS.lock().iter().for_each(|Word { word, .. }| unset(word));
            }
        }
        if now.0 < LEASE_END.load(Ordering::SeqCst) {
            let margin = margin();
            for Word { word, clock, .. } in WORDS.lock().iter() {
                let time = clock.now().as_millis_f64();
                word.advance(word::TIME, time);
                word.advance(word::HITS, time + margin);
            }
            std::thread::sleep(TICK);
            continue;
        }
        last = None;
        RUNNING.store(false, Ordering::SeqCst);
        for Word { word, .. } in WORDS.lock().iter() {
            unset(word);
        }
        // A renewal between these two: go on. Its word has become infinite, which only costs a look.
        if clock().now().0 < LEASE_END.load(Ordering::SeqCst) {
            RUNNING.store(true, Ordering::SeqCst);
            continue;
        }
        std::thread::park();
    }
}
