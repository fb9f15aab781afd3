//! Watches which publishers are present. A publisher that falls silent without a goodbye may be cut off, and its
//! invalidations unheard: until it is heard again, nothing that it may invalidate is certain, as while the bus is
//! down. If it does not come back it is given up, and its events of that time count as missed.

use std::{collections::HashMap, time::Duration};

use lazy_layers_engine::clock::Time;
use parking_lot::Mutex;

/// The most publishers that are watched. The silence of others is not noticed.
const MOST: usize = 4096;
/// How late a second heartbeat in a row may be.
const LATE: Duration = Duration::from_secs(1);
/// A publisher that has been silent for this long is given up.
const GIVEN_UP: Duration = Duration::from_secs(10);

/// The publishers that promise regular heartbeats.
#[derive(Default)]
pub(super) struct Presence {
    publishers: Mutex<HashMap<String, Heard>>,
}

struct Heard {
    at: Time,
    /// How long it takes until the next heartbeat.
    within: Duration,
}

impl Heard {
    fn silent_for(&self, now: Time) -> Duration {
        now.since(self.at).saturating_sub(self.within * 2 + LATE)
    }
}

/// The silent publishers that a look has found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Silence {
    /// The publisher that was silent the longest, and for how long.
    pub(super) silent: Option<(String, Duration)>,
    /// How many were given up.
    pub(super) given_up: usize,
}

impl Presence {
    /// An event of a publisher has arrived.
    pub(super) fn event(&self, publisher: &str, now: Time) {
        if let Some(heard) = self.publishers.lock().get_mut(publisher) {
            heard.at = now;
        }
    }

    /// A heartbeat of a publisher, which promises the next one `within` these milliseconds, or promises none.
    pub(super) fn heartbeat(&self, publisher: &str, within: Option<u64>, now: Time) {
        let mut publishers = self.publishers.lock();
        match within {
            Some(0) => drop(publishers.remove(publisher)),
            None => {}
            Some(within) => {
                let within = Duration::from_millis(within.min(3_600_000));
                if publishers.len() < MOST || publishers.contains_key(publisher) {
                    publishers.insert(publisher.to_owned(), Heard { at: now, within });
                }
            }
        }
    }

    /// Looks for publishers that are silent, and forgets those that are given up.
    pub(super) fn look(&self, now: Time) -> Silence {
        let mut publishers = self.publishers.lock();
        let before = publishers.len();
        publishers.retain(|_, heard| heard.silent_for(now) < GIVEN_UP);
        let silent = publishers.iter().filter(|(_, heard)| heard.silent_for(now) > Duration::ZERO);
        let silent = silent.max_by_key(|(_, heard)| now.since(heard.at));
        Silence {
            silent: silent.map(|(name, heard)| (name.clone(), now.since(heard.at))),
            given_up: before - publishers.len(),
        }
    }

    /// Nothing could be heard until now: every publisher gets its full time again.
    pub(super) fn restart(&self, now: Time) {
        for heard in self.publishers.lock().values_mut() {
            heard.at = now;
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.publishers.lock().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time(millis * 1000)
    }

    fn silent(presence: &Presence, millis: u64) -> Option<String> {
        presence.look(at(millis)).silent.map(|(name, _)| name)
    }

    #[test]
    fn who_is_not_heard_for_two_heartbeats_and_a_second_is_silent_until_it_is() {
        let presence = Presence::default();
        presence.heartbeat("a", Some(1000), at(0));
        presence.heartbeat("b", Some(5000), at(0));
        assert_eq!(silent(&presence, 3000), None);
        assert_eq!(presence.look(at(3001)).silent, Some(("a".to_owned(), Duration::from_millis(3001))));
        presence.event("a", at(3500));
        assert_eq!(silent(&presence, 3500), None);
        assert_eq!(silent(&presence, 6501).as_deref(), Some("a"));
        assert_eq!(silent(&presence, 11_001).as_deref(), Some("b"), "the one that was heard the longest ago");
    }

    #[test]
    fn who_stays_silent_is_given_up_once() {
        let presence = Presence::default();
        presence.heartbeat("a", Some(1000), at(0));
        assert_eq!(presence.look(at(12_999)).given_up, 0);
        assert_eq!(presence.look(at(13_000)), Silence { silent: None, given_up: 1 });
        assert_eq!(presence.look(at(99_000)), Silence { silent: None, given_up: 0 });
    }

    #[test]
    fn who_says_goodbye_or_promises_nothing_is_not_missed() {
        let presence = Presence::default();
        presence.heartbeat("a", Some(1000), at(0));
        presence.heartbeat("a", Some(0), at(500));
        presence.heartbeat("b", None, at(0));
        presence.event("c", at(0));
        assert_eq!(presence.look(at(99_000)), Silence { silent: None, given_up: 0 });
    }

    #[test]
    fn while_nothing_can_be_heard_nobody_is_silent() {
        let presence = Presence::default();
        presence.heartbeat("a", Some(1000), at(0));
        presence.restart(at(60_000));
        assert_eq!(silent(&presence, 63_000), None);
        assert_eq!(silent(&presence, 63_001).as_deref(), Some("a"));
    }
}
