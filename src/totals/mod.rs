//! The totals of caches by name. They go on when caches end, so that a counter of Prometheus or OpenTelemetry does not
//! fall: what reads one takes a fall for a start at 0, and finds a rate that never was.

pub(crate) mod durations;

use std::collections::{BTreeMap, VecDeque};

use self::durations::{Durations, Timed};
use crate::contract::stats::{COUNT, OF_LAYER, PATHS, PRESENT};

/// How many names are remembered whose caches have all ended. Names are made by users, so there may be any number. One
/// that is forgotten begins at 0 again, as in another process.
const ENDED_NAMES: usize = 200;

/// The place of a number.
fn place(path: &str) -> Option<usize> {
    PATHS.iter().position(|known| *known == path)
}

/// The sum of the numbers and durations of some caches.
#[derive(Clone)]
pub(crate) struct Total {
    /// In the order of the contract; not a number where nothing is known.
    pub(crate) numbers: [f64; COUNT],
    pub(crate) durations: BTreeMap<Timed, Durations>,
}

impl Default for Total {
    fn default() -> Total {
        Total { numbers: [f64::NAN; COUNT], durations: BTreeMap::new() }
    }
}

impl Total {
    /// Adds another.
    pub(crate) fn add(&mut self, other: &Total) {
        let oldest = place("loads.oldestMs");
        for (at, (sum, more)) in self.numbers.iter_mut().zip(other.numbers).enumerate() {
            *sum = match (sum.is_finite(), more.is_finite()) {
                (_, false) => *sum,
                (false, true) => more,
                // The age of the oldest of all.
                (true, true) if Some(at) == oldest => sum.max(more),
                (true, true) => *sum + more,
            };
        }
        for (timed, durations) in &other.durations {
            self.add_durations(*timed, durations);
        }
    }

    /// Adds durations.
    pub(crate) fn add_durations(&mut self, timed: Timed, more: &Durations) {
        self.durations.entry(timed).and_modify(|known| known.add(more)).or_insert_with(|| more.clone());
    }

    /// Leaves out what is counted with another cache on the same memory layer.
    pub(crate) fn leave_layer_out(&mut self) {
        for at in OF_LAYER.iter().filter_map(|path| place(path)) {
            self.numbers[at] = f64::NAN;
        }
    }

    /// Takes off the evictions from before the cache was there.
    pub(crate) fn take_off(&mut self, evicted: [f64; 2]) {
        for (path, before) in ["evictions.capacity", "evictions.expired"].into_iter().zip(evicted) {
            if let Some(at) = place(path) {
                self.numbers[at] = (self.numbers[at] - before).max(0.0);
            }
        }
    }

    /// Nothing of a cache that has ended is present. What was not known of it stays so.
    fn end(&mut self) {
        for at in PRESENT.iter().filter_map(|path| place(path)) {
            if self.numbers[at].is_finite() {
                self.numbers[at] = 0.0;
            }
        }
    }
}

/// The caches of one name.
#[derive(Default)]
struct Name {
    living: usize,
    /// The total of those that have ended.
    ended: Total,
    /// When the last of them ended, as a number.
    idle_since: u64,
}

/// The names of caches.
pub(crate) struct Names {
    all: BTreeMap<String, Name>,
    /// Names without living caches, those that are so for the longest time first. A name that is in use again stays
    /// there, with another number.
    idle: VecDeque<(String, u64)>,
    ends: u64,
}

impl Names {
    pub(crate) const fn new() -> Names {
        Names { all: BTreeMap::new(), idle: VecDeque::new(), ends: 0 }
    }

    /// A cache of this name begins.
    pub(crate) fn begin(&mut self, name: &str) {
        self.all.entry(name.to_owned()).or_default().living += 1;
    }

    /// A cache of this name ends.
    pub(crate) fn end(&mut self, name: &str, mut total: Total) {
        let Some(known) = self.all.get_mut(name) else { return };
        total.end();
        known.ended.add(&total);
        known.living = known.living.saturating_sub(1);
        if known.living > 0 {
            return;
        }
        self.ends += 1;
        known.idle_since = self.ends;
        self.idle.push_back((name.to_owned(), self.ends));
        self.forget();
    }

    /// Durations of a cache of this name are over, which may end before or after them.
    pub(crate) fn add(&mut self, name: &str, timed: Timed, durations: &Durations) {
        if let Some(known) = self.all.get_mut(name) {
            known.ended.add_durations(timed, durations);
        }
    }

    fn forget(&mut self) {
        let Names { all, idle, .. } = self;
        let is_idle = |(name, since): &(String, u64)| {
            all.get(name).is_some_and(|known| known.living == 0 && known.idle_since == *since)
        };
        if idle.len() <= ENDED_NAMES {
            return;
        }
        idle.retain(is_idle);
        while idle.len() > ENDED_NAMES {
            let Some((name, _)) = idle.pop_front() else { return };
            all.remove(&name);
        }
    }

    /// The totals of the caches that have ended.
    pub(crate) fn ended(&self) -> impl Iterator<Item = (&String, &Total)> {
        self.all.iter().map(|(name, known)| (name, &known.ended))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(number: f64) -> Total {
        Total { numbers: [number; COUNT], ..Total::default() }
    }

    #[test]
    fn a_name_that_is_used_again_and_again_is_remembered_once() {
        let mut names = Names::new();
        for _ in 0..10 * ENDED_NAMES {
            names.begin("a");
            names.end("a", of(1.0));
        }
        assert!(names.idle.len() <= ENDED_NAMES + 1, "{}", names.idle.len());
        let hits = names.ended().map(|(_, total)| total.numbers[0]).sum::<f64>();
        assert!((hits - 2000.0).abs() < 0.5, "{hits}");
    }

    #[test]
    fn the_names_that_ended_last_are_remembered_and_all_that_are_in_use() {
        let mut names = Names::new();
        names.begin("held");
        for at in 0..ENDED_NAMES + 5 {
            names.begin(&format!("{at}"));
            names.end(&format!("{at}"), of(1.0));
        }
        let known: Vec<_> = names.ended().map(|(name, _)| name.as_str()).collect();
        assert_eq!(known.len(), ENDED_NAMES + 1);
        assert!(known.contains(&"held") && known.contains(&"5") && !known.contains(&"4"));
    }
}
