//! Missed writes of a shared store: deletes that failed, and writes that failed and left an older value there. Until
//! the store is repaired, its values of these keys are not read.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use parking_lot::Mutex;

use crate::{
    bounded::{Bounded, Limits, PolicyKind},
    clock::{Time, Ttl},
    entry::{key::Key, pattern::Pattern},
};

/// Keys that are remembered. Beyond them the oldest are forgotten: their values live until they expire.
const MOST_KEYS: usize = 10_000;
/// Patterns that are remembered.
const MOST_PATTERNS: usize = 100;
/// Keys that one repair deletes.
pub(super) const AT_ONCE: usize = 500;
/// The pause after a repair that failed.
const PAUSE: Ttl = Ttl(1_000_000);

/// The missed writes of one store.
pub(super) struct MissedWrites {
    /// Whether there are any. Nearly always there are none.
    any: AtomicBool,
    missed: Mutex<Missed>,
}

struct Missed {
    /// Each with its number: a key that is missed again during its repair gets another.
    keys: Bounded<u64>,
    patterns: Vec<(u64, Pattern)>,
    count: u64,
    /// A repair runs.
    busy: bool,
    /// The earliest time of the next repair.
    next: Time,
}

/// The deletes of one repair.
pub(super) enum Deletes {
    Pattern(u64, Pattern),
    Keys(Vec<(u64, Key)>),
}

/// A repair under way; there is one at a time. Dropped before it is done, also with a request that is abandoned, it is
/// tried again later.
pub(super) struct Repair<'a> {
    missed: &'a MissedWrites,
    pub(super) deletes: Deletes,
    is_done: bool,
    since: Time,
}

impl Repair<'_> {
    pub(super) fn done(mut self) {
        self.is_done = true;
    }
}

impl Drop for Repair<'_> {
    fn drop(&mut self) {
        self.missed.end_repair(&self.deletes, self.is_done, self.since);
    }
}

impl MissedWrites {
    pub(super) fn new() -> MissedWrites {
        let keys = Bounded::new(Limits { entries: MOST_KEYS, bytes: None }, PolicyKind::Lru);
        let missed = Missed { keys, patterns: Vec::new(), count: 0, busy: false, next: Time::ZERO };
        MissedWrites { any: AtomicBool::new(false), missed: Mutex::new(missed) }
    }

    /// Whether the value that the store holds of a key may be outdated.
    pub(super) fn contains(&self, key: &Key) -> bool {
        if !self.any() {
            return false;
        }
        let missed = self.missed.lock();
        missed.keys.peek(key.as_bytes(), Time::ZERO).is_some()
            || missed.patterns.iter().any(|(_, pattern)| pattern.matches(key.as_bytes()))
    }

    pub(super) fn any(&self) -> bool {
        self.any.load(SeqCst)
    }

    pub(super) fn add(&self, key: &Key) {
        let mut missed = self.missed.lock();
        missed.count += 1;
        let number = missed.count;
        missed.keys.insert(key, number, 0, Time::NEVER, Time::ZERO);
        drop(missed.keys.take_removed());
        self.any.store(true, SeqCst);
    }

    pub(super) fn add_pattern(&self, pattern: &Pattern) {
        let mut missed = self.missed.lock();
        if missed.patterns.len() == MOST_PATTERNS {
            missed.patterns.remove(0);
        }
        missed.count += 1;
        let number = missed.count;
        missed.patterns.push((number, pattern.clone()));
        self.any.store(true, SeqCst);
    }

    /// The store has the current value of a key, or none.
    pub(super) fn repaired(&self, key: &Key) {
        if self.any() {
            self.missed.lock().keys.remove(key.as_bytes());
        }
    }

    /// Starts a repair, if one is needed and may run now.
    pub(super) fn start_repair(&self, now: Time) -> Option<Repair<'_>> {
        if !self.any() {
            return None;
        }
        let mut missed = self.missed.lock();
        if missed.busy || now < missed.next {
            return None;
        }
        let deletes = match missed.patterns.first() {
            Some((number, pattern)) => Deletes::Pattern(*number, pattern.clone()),
            None => Deletes::Keys(missed.some_keys()),
        };
        if matches!(&deletes, Deletes::Keys(keys) if keys.is_empty()) {
            self.any.store(false, SeqCst);
            return None;
        }
        missed.busy = true;
        Some(Repair { missed: self, deletes, is_done: false, since: now })
    }

    fn end_repair(&self, deletes: &Deletes, is_done: bool, now: Time) {
        let mut missed = self.missed.lock();
        missed.busy = false;
        if !is_done {
            missed.next = now.after(PAUSE);
            return;
        }
        match deletes {
            Deletes::Pattern(number, _) => missed.patterns.retain(|(other, _)| other != number),
            Deletes::Keys(keys) => {
                for (number, key) in keys {
                    let held = missed.keys.peek(key.as_bytes(), Time::ZERO).map(|(_, held)| held.value);
                    if held == Some(*number) {
                        missed.keys.remove(key.as_bytes());
                    }
                }
            }
        }
    }
}

impl Missed {
    fn some_keys(&self) -> Vec<(u64, Key)> {
        let mut keys = Vec::new();
        let mut cursor = Some(0);
        while let Some(from) = cursor.filter(|_| keys.len() < AT_ONCE) {
            cursor = self.keys.scan(from, AT_ONCE, Time::ZERO, |key, held| {
                keys.push((held.value, key.clone()));
                true
            });
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(10_000_000);

    fn keys(repair: Option<Repair<'_>>) -> (Repair<'_>, Vec<String>) {
        let repair = repair.expect("there is a repair");
        let Deletes::Keys(keys) = &repair.deletes else { panic!("keys are missed") };
        let mut names: Vec<String> =
            keys.iter().map(|(_, key)| String::from_utf8_lossy(key.as_bytes()).into_owned()).collect();
        names.sort();
        (repair, names)
    }

    #[test]
    fn a_missed_write_counts_until_it_is_repaired() {
        let missed = MissedWrites::new();
        missed.add(&Key::from("a"));
        missed.add(&Key::from("b"));
        assert!(missed.contains(&Key::from("a")) && !missed.contains(&Key::from("c")));
        let (repair, names) = keys(missed.start_repair(NOW));
        assert_eq!(names, ["a", "b"]);
        assert!(missed.start_repair(NOW).is_none(), "one at a time");
        repair.done();
        assert!(!missed.contains(&Key::from("a")));
        assert!(missed.start_repair(NOW).is_none());
        assert!(!missed.any());
    }

    #[test]
    fn a_write_that_is_missed_again_during_its_repair_stays() {
        let missed = MissedWrites::new();
        missed.add(&Key::from("a"));
        let (repair, _) = keys(missed.start_repair(NOW));
        missed.add(&Key::from("a"));
        repair.done();
        assert!(missed.contains(&Key::from("a")));
    }

    #[test]
    fn a_key_that_was_written_is_not_missed_any_more() {
        let missed = MissedWrites::new();
        missed.add(&Key::from("a"));
        missed.repaired(&Key::from("a"));
        assert!(!missed.contains(&Key::from("a")));
    }

    #[test]
    fn patterns_come_before_keys() {
        let missed = MissedWrites::new();
        missed.add(&Key::from("a"));
        missed.add_pattern(&Pattern::from("user:*"));
        assert!(missed.contains(&Key::from("user:1")));
        let repair = missed.start_repair(NOW).expect("there is a repair");
        assert!(matches!(repair.deletes, Deletes::Pattern(..)));
        repair.done();
        assert!(!missed.contains(&Key::from("user:1")));
        assert_eq!(keys(missed.start_repair(NOW)).1, ["a"]);
    }

    #[test]
    fn an_abandoned_repair_is_tried_again_after_the_pause() {
        let missed = MissedWrites::new();
        missed.add(&Key::from("a"));
        let (repair, _) = keys(missed.start_repair(NOW));
        drop(repair);
        assert!(missed.contains(&Key::from("a")));
        assert!(missed.start_repair(NOW).is_none());
        assert_eq!(keys(missed.start_repair(NOW.after(PAUSE))).1, ["a"]);
    }

    #[test]
    fn the_oldest_are_forgotten_beyond_the_bound() {
        let missed = MissedWrites::new();
        for number in 0..=MOST_KEYS {
            missed.add(&Key::from(format!("k{number}").as_str()));
        }
        assert!(!missed.contains(&Key::from("k0")) && missed.contains(&Key::from("k1")));
        let (repair, names) = keys(missed.start_repair(NOW));
        assert_eq!(names.len(), AT_ONCE);
        repair.done();
        for number in 0..=MOST_PATTERNS {
            missed.add_pattern(&Pattern::from(format!("p{number}*").as_str()));
        }
        assert!(!missed.contains(&Key::from("p0")) && missed.contains(&Key::from("p1")));
    }
}
