//! What a shared store has missed: deletes that failed, and writes that left an older value there. Until it has made up
//! for them, what it holds of these keys is not read.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use parking_lot::Mutex;

use crate::{
    bounded::{Bounded, Limits, PolicyKind},
    clock::{Time, Ttl},
    entry::{key::Key, pattern::Pattern},
};

/// Keys that are remembered; beyond them the oldest are forgotten, and live until they expire.
const MOST_KEYS: usize = 10_000;
/// Patterns that are remembered.
const MOST_PATTERNS: usize = 100;
/// Keys that are made up for at a time.
pub(super) const AT_ONCE: usize = 500;
/// How long nothing is tried after making up has failed.
const PAUSE: Ttl = Ttl(1_000_000);

/// The debts of one store.
pub(super) struct Owed {
    /// Whether there are any: nearly always there are none.
    any: AtomicBool,
    debts: Mutex<Debts>,
}

struct Debts {
    /// Each with its number: one that comes again while it is being made up for is another.
    keys: Bounded<u64>,
    patterns: Vec<(u64, Pattern)>,
    count: u64,
    /// Somebody makes up for them.
    busy: bool,
    /// Not before.
    again: Time,
}

/// Debts to be made up for.
pub(super) enum Due {
    Pattern(u64, Pattern),
    Keys(Vec<(u64, Key)>),
}

/// Making up for debts, one at a time. Dropped unpaid, also by a request that is given up halfway, they are tried again
/// later.
pub(super) struct Payment<'a> {
    owed: &'a Owed,
    pub(super) due: Due,
    paid: bool,
    since: Time,
}

impl Payment<'_> {
    pub(super) fn paid(mut self) {
        self.paid = true;
    }
}

impl Drop for Payment<'_> {
    fn drop(&mut self) {
        self.owed.made_up(&self.due, self.paid, self.since);
    }
}

impl Owed {
    pub(super) fn new() -> Owed {
        let keys = Bounded::new(Limits { entries: MOST_KEYS, bytes: None }, PolicyKind::Lru);
        let debts = Debts { keys, patterns: Vec::new(), count: 0, busy: false, again: Time::ZERO };
        Owed { any: AtomicBool::new(false), debts: Mutex::new(debts) }
    }

    /// Whether what the store holds of a key may be older than what is known here.
    pub(super) fn holds(&self, key: &Key) -> bool {
        if !self.any() {
            return false;
        }
        let debts = self.debts.lock();
        debts.keys.peek(key.as_bytes(), Time::ZERO).is_some()
            || debts.patterns.iter().any(|(_, pattern)| pattern.matches(key.as_bytes()))
    }

    pub(super) fn any(&self) -> bool {
        self.any.load(SeqCst)
    }

    pub(super) fn add(&self, key: &Key) {
        let mut debts = self.debts.lock();
        debts.count += 1;
        let number = debts.count;
        debts.keys.insert(key, number, 0, Time::NEVER, Time::ZERO);
        drop(debts.keys.take_removed());
        self.any.store(true, SeqCst);
    }

    pub(super) fn add_pattern(&self, pattern: &Pattern) {
        let mut debts = self.debts.lock();
        if debts.patterns.len() == MOST_PATTERNS {
            debts.patterns.remove(0);
        }
        debts.count += 1;
        let number = debts.count;
        debts.patterns.push((number, pattern.clone()));
        self.any.store(true, SeqCst);
    }

    /// The store knows better of a key now.
    pub(super) fn settle(&self, key: &Key) {
        if self.any() {
            self.debts.lock().keys.remove(key.as_bytes());
        }
    }

    /// What to make up for now.
    pub(super) fn take_due(&self, now: Time) -> Option<Payment<'_>> {
        if !self.any() {
            return None;
        }
        let mut debts = self.debts.lock();
        if debts.busy || now < debts.again {
            return None;
        }
        let due = match debts.patterns.first() {
            Some((number, pattern)) => Due::Pattern(*number, pattern.clone()),
            None => Due::Keys(debts.some_keys()),
        };
        if matches!(&due, Due::Keys(keys) if keys.is_empty()) {
            self.any.store(false, SeqCst);
            return None;
        }
        debts.busy = true;
        Some(Payment { owed: self, due, paid: false, since: now })
    }

    fn made_up(&self, due: &Due, paid: bool, now: Time) {
        let mut debts = self.debts.lock();
        debts.busy = false;
        if !paid {
            debts.again = now.after(PAUSE);
            return;
        }
        match due {
            Due::Pattern(number, _) => debts.patterns.retain(|(other, _)| other != number),
            Due::Keys(keys) => {
                for (number, key) in keys {
                    let held = debts.keys.peek(key.as_bytes(), Time::ZERO).map(|(_, held)| held.value);
                    if held == Some(*number) {
                        debts.keys.remove(key.as_bytes());
                    }
                }
            }
        }
    }
}

impl Debts {
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

    fn keys(payment: Option<Payment<'_>>) -> (Payment<'_>, Vec<String>) {
        let payment = payment.expect("something is due");
        let Due::Keys(keys) = &payment.due else { panic!("keys are due") };
        let mut names: Vec<String> =
            keys.iter().map(|(_, key)| String::from_utf8_lossy(key.as_bytes()).into_owned()).collect();
        names.sort();
        (payment, names)
    }

    #[test]
    fn a_debt_holds_until_it_is_made_up_for() {
        let owed = Owed::new();
        owed.add(&Key::from("a"));
        owed.add(&Key::from("b"));
        assert!(owed.holds(&Key::from("a")) && !owed.holds(&Key::from("c")));
        let (payment, names) = keys(owed.take_due(NOW));
        assert_eq!(names, ["a", "b"]);
        assert!(owed.take_due(NOW).is_none(), "one at a time");
        payment.paid();
        assert!(!owed.holds(&Key::from("a")));
        assert!(owed.take_due(NOW).is_none());
        assert!(!owed.any());
    }

    #[test]
    fn a_debt_that_comes_again_while_it_is_made_up_for_stays() {
        let owed = Owed::new();
        owed.add(&Key::from("a"));
        let (payment, _) = keys(owed.take_due(NOW));
        owed.add(&Key::from("a"));
        payment.paid();
        assert!(owed.holds(&Key::from("a")));
    }

    #[test]
    fn a_key_that_was_written_is_owed_no_longer() {
        let owed = Owed::new();
        owed.add(&Key::from("a"));
        owed.settle(&Key::from("a"));
        assert!(!owed.holds(&Key::from("a")));
    }

    #[test]
    fn patterns_come_before_keys() {
        let owed = Owed::new();
        owed.add(&Key::from("a"));
        owed.add_pattern(&Pattern::from("user:*"));
        assert!(owed.holds(&Key::from("user:1")));
        let payment = owed.take_due(NOW).expect("something is due");
        assert!(matches!(payment.due, Due::Pattern(..)));
        payment.paid();
        assert!(!owed.holds(&Key::from("user:1")));
        assert_eq!(keys(owed.take_due(NOW)).1, ["a"]);
    }

    #[test]
    fn what_was_given_up_is_tried_again_after_a_while() {
        let owed = Owed::new();
        owed.add(&Key::from("a"));
        let (payment, _) = keys(owed.take_due(NOW));
        drop(payment);
        assert!(owed.holds(&Key::from("a")));
        assert!(owed.take_due(NOW).is_none());
        assert_eq!(keys(owed.take_due(NOW.after(PAUSE))).1, ["a"]);
    }

    #[test]
    fn the_oldest_are_forgotten_beyond_the_bound() {
        let owed = Owed::new();
        for number in 0..=MOST_KEYS {
            owed.add(&Key::from(format!("k{number}").as_str()));
        }
        assert!(!owed.holds(&Key::from("k0")) && owed.holds(&Key::from("k1")));
        let (payment, names) = keys(owed.take_due(NOW));
        assert_eq!(names.len(), AT_ONCE);
        payment.paid();
        for number in 0..=MOST_PATTERNS {
            owed.add_pattern(&Pattern::from(format!("p{number}*").as_str()));
        }
        assert!(!owed.holds(&Key::from("p0")) && owed.holds(&Key::from("p1")));
    }
}
