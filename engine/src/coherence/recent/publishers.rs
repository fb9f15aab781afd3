//! Recent publishers: the last number of each, and the number that every value has to have seen.

use std::sync::Arc;

use foldhash::quality::RandomState;
use hashbrown::HashMap;

use super::REMEMBERED;
use crate::{
    bus::{SeenNumbers, ShortName, wire::Number},
    clock::Time,
};

/// The most publishers that are remembered: those that were heard last.
const PUBLISHERS: usize = 4096;
/// How many of them a load notes: more than its value can carry.
const NOTED: usize = 32;

/// Identifies a publisher in this module. Never reused.
pub(super) type PublisherId = u64;

struct Publisher {
    short: ShortName,
    /// The last number that was heard.
    last: u64,
    /// The number that every value has to have seen, until then.
    floor: u64,
    floor_until: Time,
    heard: Time,
    /// The order in which they were heard last.
    turn: u64,
    /// Another publisher has the same short name: a value's number under that name may be of either.
    clashes: bool,
}

/// The last number of each publisher at one moment.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    /// Publishers and their last numbers, the one that was heard last first.
    numbers: Vec<(PublisherId, u64)>,
}

pub(super) struct Publishers {
    ids: HashMap<Box<str>, PublisherId, RandomState>,
    known: HashMap<PublisherId, Publisher, RandomState>,
    /// Those with a floor.
    floored: Vec<PublisherId>,
    next: PublisherId,
    turn: u64,
    /// Until then a publisher may be forgotten whose number matters.
    unsure: Time,
    snapshot: Option<Arc<Snapshot>>,
}

impl Default for Publishers {
    fn default() -> Self {
        Publishers {
            ids: HashMap::default(),
            known: HashMap::default(),
            floored: Vec::new(),
            next: 0,
            turn: 0,
            unsure: Time::ZERO,
            snapshot: None,
        }
    }
}

impl Publishers {
    /// A publisher has come to this number. Skipped numbers belong to unknown invalidations; for this instance
    /// (`is_local`), to those of other caches on the same bus.
    pub(super) fn heard(&mut self, number: &Number, time: Time, is_local: bool) -> PublisherId {
        self.turn += 1;
        let id = match self.ids.get(number.publisher.as_str()) {
            Some(&id) => id,
            None => self.add(number, time),
        };
        let Some(publisher) = self.known.get_mut(&id) else { return id };
        let missed = number.sequence.saturating_sub(1);
        let leaves_out = !is_local && missed > publisher.last;
        (publisher.heard, publisher.turn) = (time, self.turn);
        if number.sequence > publisher.last {
            publisher.last = number.sequence;
            self.snapshot = None;
        }
        if leaves_out {
            self.raise_floor(id, missed, time.after(REMEMBERED));
        }
        id
    }

    /// How many are remembered.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.known.len()
    }

    /// Numbers before the first one of a publisher do not count as skipped.
    fn add(&mut self, number: &Number, time: Time) -> PublisherId {
        self.forget_silent(time);
        let short = ShortName::of(&number.publisher);
        let mut clashes = false;
        for other in self.known.values_mut().filter(|other| other.short == short) {
            (other.clashes, clashes) = (true, true);
        }
        self.next += 1;
        self.ids.insert(number.publisher.as_str().into(), self.next);
        let last = number.sequence.saturating_sub(1);
        let publisher = Publisher {
            short,
            last,
            floor: 0,
            floor_until: Time::ZERO,
            heard: time,
            turn: self.turn,
            clashes,
        };
        self.known.insert(self.next, publisher);
        self.next
    }

    /// Forgets publishers whose silence is longer than invalidations are remembered. If too
    /// many others remain, the one that was heard first goes as well, and nothing is certain for a while.
    fn forget_silent(&mut self, time: Time) {
        let before = self.known.len();
        self.known
            .retain(|_, publisher| time < publisher.heard.after(REMEMBERED) || time < publisher.floor_until);
        if self.known.len() >= PUBLISHERS
            && let Some(id) = self.known.iter().min_by_key(|(_, publisher)| publisher.turn).map(|(id, _)| *id)
        {
            self.known.remove(&id);
            self.unsure = time.after(REMEMBERED);
        }
        if self.known.len() < before {
            self.ids.retain(|_, id| self.known.contains_key(id));
            self.floored.retain(|id| self.known.contains_key(id));
            self.snapshot = None;
        }
    }

    /// Every value has to have seen this number, until then.
    pub(super) fn raise_floor(&mut self, id: PublisherId, number: u64, until: Time) {
        let Some(publisher) = self.known.get_mut(&id) else { return };
        if publisher.floor == 0 && number > 0 {
            self.floored.push(id);
        }
        publisher.floor = publisher.floor.max(number);
        publisher.floor_until = publisher.floor_until.max(until);
    }

    /// Whether a value that has seen this has seen all floors.
    pub(super) fn floors_covered(&mut self, seen: &SeenNumbers, time: Time) -> bool {
        let known = &mut self.known;
        self.floored.retain(|id| {
            let Some(publisher) = known.get_mut(id) else { return false };
            let lasts = time < publisher.floor_until;
            if !lasts {
                publisher.floor = 0;
            }
            lasts
        });
        let floor = |id: &PublisherId| self.known.get(id).map_or(0, |publisher| publisher.floor);
        self.unsure <= time && self.floored.iter().all(|id| self.covers(seen, *id, floor(id)))
    }

    /// Whether a value that has seen this has seen that number of a publisher.
    pub(super) fn covers(&self, seen: &SeenNumbers, id: PublisherId, number: u64) -> bool {
        self.known.get(&id).is_some_and(|publisher| !publisher.clashes && seen.of(publisher.short) >= number)
    }

    /// The last number of each publisher.
    pub(super) fn snapshot(&mut self) -> Arc<Snapshot> {
        if let Some(snapshot) = &self.snapshot {
            return Arc::clone(snapshot);
        }
        let mut all: Vec<_> =
            self.known.iter().map(|(id, publisher)| (publisher.turn, *id, publisher.last)).collect();
        let latest_first = |(turn, ..): &(u64, PublisherId, u64)| std::cmp::Reverse(*turn);
        if all.len() > NOTED {
            all.select_nth_unstable_by_key(NOTED, latest_first);
            all.truncate(NOTED);
        }
        all.sort_unstable_by_key(latest_first);
        let numbers = all.into_iter().map(|(_, id, last)| (id, last)).collect();
        let snapshot = Arc::new(Snapshot { numbers });
        self.snapshot = Some(Arc::clone(&snapshot));
        snapshot
    }

    /// The numbers to send with a value: `first` those of these publishers, then those of publishers with a
    /// floor, then the others.
    pub(super) fn tell(&self, seen: &Snapshot, first: &[PublisherId], time: Time) -> SeenNumbers {
        let rank = |id: &PublisherId, publisher: &Publisher| {
            if first.contains(id) {
                0
            } else if time < publisher.floor_until {
                1
            } else {
                2
            }
        };
        let known = seen.numbers.iter().filter_map(|(id, number)| {
            let publisher = self.known.get(id).filter(|publisher| !publisher.clashes)?;
            Some((rank(id, publisher), publisher.short, *number))
        });
        let mut ranked: Vec<_> = known.collect();
        ranked.sort_by_key(|(rank, ..)| *rank);
        let mut told = SeenNumbers::default();
        for (_, short, number) in ranked {
            if !told.add(short, number) {
                break;
            }
        }
        told
    }
}
