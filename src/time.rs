//! The time of one environment: the machine's, or that of a clock that users' tests have put in its place.

use std::{
    cell::{Cell, RefCell},
    sync::atomic::AtomicU64,
};

use lazy_layers_drivers::bus::freeze;
use lazy_layers_engine::clock::{Clock, Reading};

use crate::{
    contract::clock,
    raw::{js::Js, memory::Shared, turns},
    ticker::{self, ClockWord},
};

/// Hits that are at most this far apart, in milliseconds, follow each other quickly.
const SOON: f64 = 0.003;
/// The looks in quick succession that make a run of hits.
const RUN: u32 = 4;

/// The time of an environment. Belongs to its thread.
pub(crate) struct Time {
    clock: Clock,
    /// The time for hits, and whether another clock is followed.
    words: Shared<AtomicU64>,
    word: RefCell<Option<ClockWord>>,
    looked: Cell<f64>,
    /// How many looks have followed each other quickly.
    run: Cell<u32>,
    follows: Cell<bool>,
    knows_turns: Cell<bool>,
}

impl Time {
    /// Keeps the time in `words`.
    pub(crate) fn new(words: Shared<AtomicU64>) -> Time {
        let clock = ticker::clock().steerable();
        let word = ClockWord::register(words.clone(), clock.clone());
        let (word, looked) = (RefCell::new(Some(word)), Cell::new(f64::NEG_INFINITY));
        let (run, follows, knows_turns) = (Cell::new(0), Cell::new(false), Cell::new(false));
        Time { clock, words, word, looked, run, follows, knows_turns }
    }

    /// The clock, which other threads may read as well.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Makes hits look at the clock in each turn of the event loop, if the turns can be noticed.
    pub(crate) fn watch_turns(&self, js: Js, can_be_told: bool) {
        if self.knows_turns.replace(true) {
            return;
        }
        if !can_be_told || !turns::follow_turns(js, self.words.clone(), ticker::unset) {
            ticker::shorten_leases();
        }
    }

    /// Looks at the clock of the machine. `hits` is the number of hits since the last look. Returns the
    /// milliseconds of the clock. If hits follow each other quickly, they are answered by this reading from
    /// here on; else there is time for the next hit to look as well.
    pub(crate) fn look(&self, hits: u32) -> f64 {
        freeze::look();
        if self.follows.replace(false) {
            self.clock.unfollow();
            self.words.store(clock::FOLLOWS, 0.0);
        }
        let millis = self.clock.now().as_millis_f64();
        let elapsed = millis - self.looked.replace(millis);
        if let Some(word) = &*self.word.borrow() {
            let is_soon = elapsed < SOON * f64::from(hits);
            let run = if is_soon { self.run.get().saturating_add(1) } else { 0 };
            self.run.set(run);
            if run >= RUN {
                word.set(millis);
            } else {
                word.unset();
            }
        }
        millis
    }

    /// Follows another clock, which has to be read again for every hit. Returns the milliseconds of this clock.
    pub(crate) fn follow(&self, reading: Reading) -> f64 {
        self.clock.follow(reading);
        self.follows.set(true);
        self.words.store(clock::FOLLOWS, 1.0);
        if let Some(word) = &*self.word.borrow() {
            word.unset();
        }
        self.clock.now().as_millis_f64()
    }

    /// The environment ends: stops writing.
    pub(crate) fn end(&self) {
        self.word.take();
    }
}
