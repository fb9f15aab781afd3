//! Gaps in the events of publishers.
//!
//! Publishers number their events ([`super::wire::Number`]) and tell the last number in heartbeats, so that a lost
//! event is noticed at the next of either.

use parking_lot::Mutex;

use super::wire::Number;
use crate::{
    bounded::{Bounded, Limits, PolicyKind},
    clock::Time,
    entry::key::Key,
};

/// The most publishers that are remembered. A forgotten one starts anew, as if heard for the first time.
const PUBLISHERS: usize = 4096;

/// The last number heard of each publisher.
pub struct Sequences {
    last: Mutex<Bounded<u64>>,
}

impl Default for Sequences {
    fn default() -> Self {
        let limits = Limits { entries: PUBLISHERS, bytes: None };
        Sequences { last: Mutex::new(Bounded::new(limits, PolicyKind::Lru)) }
    }
}

impl Sequences {
    /// How many events before this one were missed. Those from before the first one
    /// of their publisher that arrived do not count.
    pub fn event(&self, number: &Number) -> u64 {
        self.follow(number, number.sequence.saturating_sub(1))
    }

    /// How many events up to the one that a heartbeat names were missed.
    pub fn heartbeat(&self, number: &Number) -> u64 {
        self.follow(number, number.sequence)
    }

    fn follow(&self, number: &Number, expected: u64) -> u64 {
        let publisher = Key::from(number.publisher.as_str());
        let mut last = self.last.lock();
        let known = last.remove(publisher.as_bytes());
        // An event that is sent again is older than those received since.
        let latest = known.map_or(number.sequence, |known| known.max(number.sequence));
        last.insert(&publisher, latest, 0, Time::NEVER, Time::ZERO);
        drop(last.take_removed());
        known.map_or(0, |known| expected.saturating_sub(known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(publisher: &str, sequence: u64) -> Number {
        Number { publisher: publisher.to_owned(), sequence }
    }

    #[test]
    fn events_in_order_and_events_sent_again_are_no_gap() {
        let sequences = Sequences::default();
        for sequence in [5, 6, 7, 6, 7, 8] {
            assert_eq!(sequences.event(&number("a", sequence)), 0);
        }
        assert_eq!(sequences.event(&number("b", 1)), 0);
    }

    #[test]
    fn a_number_that_is_left_out_is_a_gap_once() {
        let sequences = Sequences::default();
        sequences.event(&number("a", 1));
        assert_eq!(sequences.event(&number("a", 4)), 2);
        assert_eq!(sequences.event(&number("a", 5)), 0);
    }

    #[test]
    fn a_heartbeat_tells_of_the_last_event_that_was_missed() {
        let sequences = Sequences::default();
        sequences.event(&number("a", 1));
        assert_eq!(sequences.heartbeat(&number("a", 1)), 0);
        assert_eq!(sequences.heartbeat(&number("a", 2)), 1);
        assert_eq!(sequences.heartbeat(&number("a", 2)), 0);
        assert_eq!(sequences.event(&number("a", 3)), 0);
    }

    #[test]
    fn a_publisher_heard_first_by_its_heartbeat_is_followed_from_there() {
        let sequences = Sequences::default();
        assert_eq!(sequences.heartbeat(&number("a", 9)), 0);
        assert_eq!(sequences.event(&number("a", 11)), 1);
    }
}
