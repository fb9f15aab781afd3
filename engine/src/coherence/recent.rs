//! Recent invalidations and their publishers: those that the load of a peer's value has to have seen.
//!
//! A `set` of a peer carries the numbers of each publisher that its load had seen when it began ([`SeenNumbers`]).
//! This module remembers applied invalidations with publisher and number, including those of this instance. A value
//! is refused if its load had not seen an invalidation that touches its key: the value may be older than that. This
//! needs no comparison of two instances' clocks and no count of a key's deletes.
//!
//! An invalidation beyond the bound becomes a floor of its publisher: a number that every value has to have seen,
//! whatever its key. So do skipped numbers, and invalidations of everything. In doubt a value is refused, which costs
//! a load.
//!
//! All is forgotten after [`REMEMBERED`]. An event may travel longer than that: only time in which this instance runs
//! and listens counts, and no time in which the bus is down or the process stands still.

mod own;
mod publishers;
#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use parking_lot::Mutex;

use self::{
    own::OwnUnderway,
    publishers::{PublisherId, Publishers, Snapshot},
};
use crate::{
    bounded::{Bounded, Limits, PolicyKind},
    bus::{SeenNumbers, wire::Number},
    clock::{Time, Ttl},
    entry::{key::Key, pattern::Pattern},
};

/// How long an invalidation is remembered: five minutes.
pub const REMEMBERED: Ttl = Ttl(300_000_000);
/// A value that was loaded longer ago is not sent to peers: one minute. The rest of [`REMEMBERED`] is for its way.
pub const SENT_WITHIN: Ttl = Ttl(60_000_000);
/// For this long after it began to listen, an instance may receive a value whose invalidation went to the others
/// before: two seconds. Such values live no longer than that here.
pub const JOINING: Ttl = Ttl(2_000_000);
/// The most of the time between two looks that counts: a process that stood still does not forget for it.
const LONGEST_STEP: u64 = 30_000_000;
/// The most keys that are remembered.
const KEYS: usize = 10_000;
/// The bytes they may take together, and the rough number of bytes of each beside its key.
const BYTES: u64 = 4 << 20;
const BYTES_EACH: u64 = 160;
/// The most publishers that are remembered for a key: those that have invalidated it last.
const PUBLISHERS_OF_KEY: usize = 32;
/// The most patterns that are remembered: each value of a peer is compared with all of them.
const PATTERNS: usize = 128;

/// The target of an invalidation.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Key(Key),
    Pattern(Pattern),
}

impl Target {
    /// All values with a tag: they are remembered under a key of its own.
    pub(crate) fn tag(tag: &Key) -> Target {
        Target::Key(Target::key_of_tag(tag))
    }

    /// That key. If a user's key or pattern happens to match it, a value more than necessary is refused.
    pub(crate) fn key_of_tag(tag: &Key) -> Key {
        Key::from_wtf8(&[b"\0tag\0", tag.as_bytes()].concat())
    }
}

/// An invalidation by its publisher and number, and how long it is remembered.
#[derive(Debug, Clone, Copy)]
struct Mark {
    publisher: PublisherId,
    number: u64,
    until: Time,
}

/// The last invalidation of a key by each publisher, the latest first.
#[derive(Debug, Clone)]
struct Marks {
    first: Mark,
    others: Vec<Mark>,
}

impl Marks {
    /// Those whose time is not over. A publisher may have gone while others go on deleting the key.
    fn each(&self, time: Time) -> impl Iterator<Item = Mark> + '_ {
        let all = std::iter::once(self.first).chain(self.others.iter().copied());
        all.filter(move |mark| time < mark.until)
    }

    fn with(self, mark: Mark, time: Time) -> Marks {
        let known = self.each(time).find(|known| known.publisher == mark.publisher);
        let number = known.map_or(mark.number, |known| known.number.max(mark.number));
        let mut others = self.others;
        others.insert(0, self.first);
        others.retain(|other| other.publisher != mark.publisher && time < other.until);
        Marks { first: Mark { number, ..mark }, others }
    }
}

#[derive(Debug)]
struct PatternMark {
    pattern: Pattern,
    mark: Mark,
}

/// Whether a value of a peer may be kept; the strictest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Admission {
    /// No: an invalidation of its key came after its load had begun, or may have.
    Refused,
    /// Yes, for at most this lifetime.
    AtMost(Ttl),
    /// Yes.
    Admitted,
}

/// The numbers that a load had seen when it began.
#[derive(Debug)]
pub struct Seen {
    numbers: Arc<Snapshot>,
    outages: u64,
}

/// The recent invalidations.
pub struct Recent {
    state: Mutex<State>,
}

struct State {
    publishers: Publishers,
    keys: Bounded<Marks>,
    evicted: Vec<Marks>,
    patterns: VecDeque<PatternMark>,
    underway: OwnUnderway,
    /// Numbered patterns of other instances whose keys are being removed here.
    removing: OwnUnderway,
    /// Time that counts, see the top.
    time: Time,
    looked: Time,
    is_down: bool,
    /// How often the bus went down.
    outages: u64,
    /// Until then values of peers may be older than a missed invalidation. By the plain clock, all of whose
    /// time counts.
    joining: Time,
}

impl Default for Recent {
    fn default() -> Self {
        let limits = Limits { entries: KEYS, bytes: Some(BYTES) };
        let state = State {
            publishers: Publishers::default(),
            keys: Bounded::new(limits, PolicyKind::Lru),
            evicted: Vec::new(),
            patterns: VecDeque::new(),
            underway: OwnUnderway::default(),
            removing: OwnUnderway::default(),
            time: Time::ZERO,
            looked: Time::ZERO,
            is_down: false,
            outages: 0,
            joining: Time::ZERO,
        };
        Recent { state: Mutex::new(state) }
    }
}

impl Recent {
    /// A number of a publisher was heard, whatever it is about.
    pub(crate) fn heard(&self, number: &Number, now: Time) {
        let mut state = self.state.lock();
        let time = state.at(now);
        state.publishers.heard(number, time, false);
    }

    /// An invalidation of another instance is about to be applied.
    pub(crate) fn applies(&self, target: &Target, number: &Number, now: Time) {
        let mut state = self.state.lock();
        let time = state.at(now);
        let publisher = state.publishers.heard(number, time, false);
        state.remember(target, publisher, number.sequence, time);
    }

    /// An invalidation of this instance's own begins.
    pub(crate) fn begin(self: &Arc<Self>, target: Target) -> Underway {
        self.state.lock().underway.add(&target);
        Underway { recent: Arc::clone(self), target, is_over: AtomicBool::new(false) }
    }

    /// The keys that match a pattern of another instance are being removed here, and the deletes counted, until the
    /// result is dropped. Without a number the pattern cannot be remembered: as one of this instance's own, it refuses
    /// all values meanwhile. With one it refuses those that do not tell what their loads had seen.
    pub(crate) fn removes(self: &Arc<Self>, pattern: &Pattern, is_numbered: bool) -> Removing {
        let target = Target::Pattern(pattern.clone());
        self.state.lock().removing_by(is_numbered).add(&target);
        Removing { recent: Arc::clone(self), target, is_numbered }
    }

    /// Whether a value of a peer may be kept that does not tell what its load had seen: not while an invalidation that
    /// touches it is carried out here. Later the count of the key's deletes decides.
    pub(crate) fn admits_unknown(&self, key: &Key) -> Admission {
        let state = self.state.lock();
        if state.underway.touch(key) || state.removing.touch(key) {
            Admission::Refused
        } else {
            Admission::Admitted
        }
    }

    /// The numbers that a load that starts now has seen.
    pub(crate) fn seen(&self) -> Seen {
        let mut state = self.state.lock();
        Seen { numbers: state.publishers.snapshot(), outages: state.outages }
    }

    /// The numbers to send with the value of a load that had seen these: first those of publishers that matter
    /// for its key, and for the keys of its tags. `None` if the bus was down meanwhile: others may have applied
    /// and forgotten an invalidation that did not reach this instance.
    pub(crate) fn tells(&self, keys: &[Key], seen: &Seen, now: Time) -> Option<SeenNumbers> {
        let mut state = self.state.lock();
        let time = state.at(now);
        if state.outages != seen.outages {
            return None;
        }
        let marks = keys.iter().filter_map(|key| state.keys.peek(key.as_bytes(), time));
        let of_keys = marks.flat_map(|(_, entry)| entry.value.each(time));
        let patterns = state.patterns.iter().filter(|kept| time < kept.mark.until);
        let matches = |kept: &&PatternMark| keys.iter().any(|key| kept.pattern.matches(key.as_bytes()));
        let matching = patterns.filter(matches).map(|kept| kept.mark);
        let first: Vec<PublisherId> = of_keys.chain(matching).map(|mark| mark.publisher).collect();
        Some(state.publishers.tell(&seen.numbers, &first, time))
    }

    /// Whether a value of a peer may be kept whose load had seen this.
    pub(crate) fn admits(&self, key: &Key, seen: &SeenNumbers, now: Time) -> Admission {
        let mut state = self.state.lock();
        let time = state.at(now);
        if state.underway.touch(key) || !state.publishers.floors_covered(seen, time) {
            return Admission::Refused;
        }
        let covers = |mark: Mark| state.publishers.covers(seen, mark.publisher, mark.number);
        let marks = state.keys.peek(key.as_bytes(), time).map(|(_, entry)| &entry.value);
        let of_key = marks.into_iter().flat_map(|marks| marks.each(time)).all(covers);
        let of_patterns = state.patterns.iter().all(|kept| {
            kept.mark.until <= time || covers(kept.mark) || !kept.pattern.matches(key.as_bytes())
        });
        if !of_key || !of_patterns {
            return Admission::Refused;
        }
        let left = state.joining.0.saturating_sub(now.0);
        if left > 0 { Admission::AtMost(Ttl(left)) } else { Admission::Admitted }
    }

    /// This instance begins to listen, or may have missed something until now.
    pub(crate) fn joins(&self, now: Time) {
        let mut state = self.state.lock();
        state.joining = now.after(JOINING);
    }

    /// The bus is down, or up again: time in which nothing arrives does not count.
    pub(crate) fn set_down(&self, is_down: bool, now: Time) {
        let mut state = self.state.lock();
        state.at(now);
        state.outages += u64::from(is_down && !state.is_down);
        state.is_down = is_down;
    }

    /// How many invalidations are remembered.
    pub(crate) fn len(&self, now: Time) -> usize {
        let mut state = self.state.lock();
        let time = state.at(now);
        state.patterns.retain(|kept| time < kept.mark.until);
        state.keys.len(time) + state.patterns.len()
    }
}

impl State {
    fn removing_by(&mut self, is_numbered: bool) -> &mut OwnUnderway {
        if is_numbered { &mut self.removing } else { &mut self.underway }
    }

    /// The time that counts, `now`.
    fn at(&mut self, now: Time) -> Time {
        let step = now.0.saturating_sub(self.looked.0).min(LONGEST_STEP);
        self.looked = self.looked.max(now);
        if !self.is_down {
            self.time = Time(self.time.0.saturating_add(step));
        }
        self.time
    }

    fn remember(&mut self, target: &Target, publisher: PublisherId, number: u64, time: Time) {
        let mark = Mark { publisher, number, until: time.after(REMEMBERED) };
        match target {
            Target::Pattern(pattern) if pattern.is_everything() => self.raise_floor(mark),
            Target::Pattern(pattern) => self.remember_pattern(pattern, mark),
            Target::Key(key) => self.remember_key(key, mark, time),
        }
    }

    fn raise_floor(&mut self, mark: Mark) {
        self.publishers.raise_floor(mark.publisher, mark.number, mark.until);
    }

    fn remember_key(&mut self, key: &Key, mark: Mark, time: Time) {
        let mut marks = match self.keys.remove(key.as_bytes()) {
            Some(known) => known.with(mark, time),
            None => Marks { first: mark, others: Vec::new() },
        };
        if marks.others.len() == PUBLISHERS_OF_KEY
            && let Some(oldest) = marks.others.pop()
        {
            self.raise_floor(oldest);
        }
        let weight =
            BYTES_EACH + key.as_bytes().len() as u64 + (marks.others.len() * size_of::<Mark>()) as u64;
        self.keys.insert(key, marks, weight, mark.until, time);
        self.keys.drain_removed(&mut self.evicted);
        for evicted in std::mem::take(&mut self.evicted) {
            // Those whose time is over are forgotten for good.
            evicted.each(time).for_each(|mark| self.raise_floor(mark));
        }
    }

    fn remember_pattern(&mut self, pattern: &Pattern, mark: Mark) {
        let same = self.patterns.iter().position(|kept| {
            kept.mark.publisher == mark.publisher && kept.pattern.as_bytes() == pattern.as_bytes()
        });
        let number = same.and_then(|at| self.patterns.remove(at)).map_or(0, |kept| kept.mark.number);
        let mark = Mark { number: mark.number.max(number), ..mark };
        self.patterns.push_back(PatternMark { pattern: pattern.clone(), mark });
        if self.patterns.len() > PATTERNS
            && let Some(oldest) = self.patterns.pop_front()
        {
            self.raise_floor(oldest.mark);
        }
    }
}

/// An invalidation by this instance on its way to the others. Until it is published, no value of a peer that it
/// touches is kept.
pub(crate) struct Underway {
    recent: Arc<Recent>,
    target: Target,
    /// Whether it is published. Changed under the lock.
    is_over: AtomicBool,
}

impl Underway {
    /// It is published under this number, or under a lower one of the same publisher.
    pub(crate) fn published(&self, number: &Number, now: Time) {
        let mut state = self.recent.state.lock();
        let time = state.at(now);
        let publisher = state.publishers.heard(number, time, true);
        if !self.is_over.swap(true, Relaxed) {
            state.underway.remove(&self.target);
            state.remember(&self.target, publisher, number.sequence, time);
        }
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        if !self.is_over.swap(true, Relaxed) {
            self.recent.state.lock().underway.remove(&self.target);
        }
    }
}

/// A pattern of another instance whose keys are being removed here, see [`Recent::removes`].
pub(crate) struct Removing {
    recent: Arc<Recent>,
    target: Target,
    is_numbered: bool,
}

impl Drop for Removing {
    fn drop(&mut self) {
        self.recent.state.lock().removing_by(self.is_numbered).remove(&self.target);
    }
}
