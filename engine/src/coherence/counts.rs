//! The counters of tags in the second layer, as far as this instance knows them, and the times at which tags were
//! invalidated.
//!
//! A tag has a counter beside the entries. An entry carries the counts from before its value was made, and is valid
//! while they stand. A count that was read is used again while the bus would tell of its change, and for no longer than
//! [`TRUSTED`]: instances without a bus tell nobody.
//!
//! A moment is a number that rises with each count that is read and with each invalidation, so moments put these in
//! order. The ticket of a load has the moment at which it began.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
};

use parking_lot::Mutex;

use crate::{
    bounded::{Bounded, Limits, PolicyKind},
    clock::{Time, Ttl},
    codec::TagCount,
    entry::key::Key,
};

/// Tags with their counts.
pub type Counted = Arc<[TagCount]>;

/// How long a count is used without reading it again: ten seconds.
pub const TRUSTED: Ttl = Ttl(10_000_000);
/// The most tags whose counts, and whose invalidations, are remembered.
const TAGS: usize = 10_000;

/// A count that a store returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The count.
    pub number: u64,
    /// How long it is kept from now on.
    pub left: Ttl,
}

/// The counts that are known, and the last invalidations of tags.
pub(crate) struct Counts {
    /// The last moment.
    moment: AtomicU64,
    /// Whether messages of other instances tell of changes.
    is_told: AtomicBool,
    state: Mutex<State>,
}

struct State {
    known: Bounded<Known>,
    /// The moments at which tags were invalidated.
    invalidated: Bounded<u64>,
    /// The last of those that made room, or the moment of a gap.
    floor: u64,
}

#[derive(Clone, Copy)]
struct Known {
    number: u64,
    /// The moment at which it was first read.
    since: u64,
    /// When it was read last, and when its counter ends.
    read: Time,
    ends: Time,
}

impl Counts {
    pub(crate) fn new() -> Counts {
        let limits = Limits { entries: TAGS, bytes: None };
        let state = State {
            known: Bounded::new(limits, PolicyKind::Lru),
            invalidated: Bounded::new(limits, PolicyKind::Lru),
            floor: 0,
        };
        Counts { moment: AtomicU64::new(0), is_told: AtomicBool::new(false), state: Mutex::new(state) }
    }

    /// The present moment.
    pub(crate) fn moment(&self) -> u64 {
        self.moment.load(SeqCst)
    }

    /// Whether messages of other instances tell of changes from now on. Counts that were read before do not count as
    /// current then.
    pub(crate) fn set_told(&self, is_told: bool) {
        self.is_told.store(is_told, SeqCst);
        self.forget_all();
    }

    pub(crate) fn is_told(&self) -> bool {
        self.is_told.load(SeqCst)
    }

    /// Messages may have been lost: every count may have changed, and each tag may have been invalidated.
    pub(crate) fn forget_all(&self) {
        let mut state = self.state.lock();
        state.floor = self.moment.fetch_add(1, SeqCst) + 1;
        state.known.remove_where(|_| true);
        drop(state.known.take_removed());
    }

    /// Tags are being invalidated, or have been. Returns the moment of that.
    pub(crate) fn invalidate(&self, tags: &[Key], now: Time) -> u64 {
        let mut state = self.state.lock();
        let moment = self.moment.fetch_add(1, SeqCst) + 1;
        tags.iter().for_each(|tag| state.invalidate(tag, moment, now));
        state.make_room();
        moment
    }

    /// The store has invalidated tags, and returned their new counts, as far as it knows them. They are kept unless
    /// another instance has invalidated the tag since `began`, the moment at which this invalidation began.
    pub(crate) fn invalidated(&self, tags: &[Key], counts: &[Option<Count>], began: u64, now: Time) {
        let mut state = self.state.lock();
        let moment = self.moment.fetch_add(1, SeqCst) + 1;
        for (tag, count) in tags.iter().zip(counts) {
            let is_last = state.invalidated_at(tag).max(state.floor) <= began;
            state.invalidate(tag, moment, now);
            if let Some(count) = count.filter(|_| is_last) {
                let known =
                    Known { number: count.number, since: moment, read: now, ends: now.after(count.left) };
                state.known.insert(tag, known, 0, Time::NEVER, now);
            }
        }
        state.make_room();
    }

    /// Whether one of these tags was invalidated after that moment, as far as this instance has heard.
    pub(crate) fn were_invalidated(&self, tags: &[Key], since: u64) -> bool {
        if self.moment() == since {
            return false;
        }
        let state = self.state.lock();
        state.floor > since || tags.iter().any(|tag| state.invalidated_at(tag) > since)
    }

    /// Counts that a store returned, after it was asked at the moment `asked`. Counts of tags that were invalidated
    /// since may be old.
    pub(crate) fn learn(&self, tags: &[Key], counts: &[Count], asked: u64, now: Time) {
        let mut state = self.state.lock();
        if state.floor > asked {
            return;
        }
        let moment = self.moment.fetch_add(1, SeqCst) + 1;
        for (tag, count) in tags.iter().zip(counts) {
            if state.invalidated_at(tag) > asked {
                continue;
            }
            let before = state.known.remove(tag.as_bytes()).filter(|known| known.number == count.number);
            let since = before.map_or(moment, |known| known.since);
            let ends = before.map_or(Time::ZERO, |known| known.ends).max(now.after(count.left));
            let known = Known { number: count.number, since, read: now, ends };
            state.known.insert(tag, known, 0, Time::NEVER, now);
        }
        state.make_room();
    }

    /// The counts of these tags, if all are known and current; for a new entry, if they are kept for its `ttl`.
    pub(crate) fn current(&self, tags: &[Key], ttl: Option<Ttl>, now: Time) -> Option<Vec<u64>> {
        if !self.is_told() {
            return None;
        }
        let state = self.state.lock();
        let count = |tag: &Key| {
            let known = state.known.peek(tag.as_bytes(), now)?.1.value;
            (now < known.read.after(TRUSTED) && ttl.is_none_or(|ttl| now.after(ttl) <= known.ends))
                .then_some(known.number)
        };
        tags.iter().map(count).collect()
    }

    /// The count that a tag had at that moment or before, even if it has another one now.
    pub(crate) fn at(&self, tag: &Key, moment: u64) -> Option<u64> {
        let state = self.state.lock();
        let (_, known) = state.known.peek(tag.as_bytes(), Time::ZERO)?;
        (known.value.since <= moment).then_some(known.value.number)
    }
}

impl State {
    fn invalidate(&mut self, tag: &Key, moment: u64, now: Time) {
        self.known.remove(tag.as_bytes());
        self.invalidated.remove(tag.as_bytes());
        self.invalidated.insert(tag, moment, 0, Time::NEVER, now);
    }

    /// Forgets the oldest, to make room.
    fn make_room(&mut self) {
        drop(self.known.take_removed());
        self.floor = self.invalidated.take_removed().into_iter().fold(self.floor, u64::max);
    }

    fn invalidated_at(&self, tag: &Key) -> u64 {
        self.invalidated.peek(tag.as_bytes(), Time::ZERO).map_or(0, |(_, held)| held.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: Ttl = Ttl(60_000_000);

    fn count(number: u64) -> [Count; 1] {
        [Count { number, left: LEFT }]
    }

    fn told() -> Counts {
        let counts = Counts::new();
        counts.set_told(true);
        counts
    }

    #[test]
    fn a_count_is_current_for_a_while_and_as_long_as_the_bus_tells() {
        let (counts, tags) = (told(), [Key::from("a")]);
        let now = Time(1);
        counts.learn(&tags, &count(7), counts.moment(), now);
        assert_eq!(counts.current(&tags, Some(Ttl(1)), now), Some(vec![7]));
        assert_eq!(counts.current(&tags, Some(Ttl(LEFT.0 + 1)), now), None, "its counter ends before");
        assert_eq!(counts.current(&tags, Some(Ttl(1)), now.after(TRUSTED)), None);
        assert_eq!(counts.current(&[Key::from("a"), Key::from("b")], Some(Ttl(1)), now), None);
        counts.set_told(false);
        counts.set_told(true);
        assert_eq!(counts.current(&tags, Some(Ttl(1)), now), None);
    }

    #[test]
    fn a_count_that_was_asked_for_before_an_invalidation_is_not_learned() {
        let (counts, tags) = (told(), [Key::from("a")]);
        let forget: [fn(&Counts, &[Key]); 2] = [
            |counts, tags| {
                counts.invalidate(tags, Time(1));
            },
            |counts, _| counts.forget_all(),
        ];
        for lose in forget {
            let asked = counts.moment();
            lose(&counts, &tags);
            counts.learn(&tags, &count(7), asked, Time(1));
            assert_eq!(counts.current(&tags, Some(Ttl(1)), Time(1)), None);
            counts.learn(&tags, &count(8), counts.moment(), Time(1));
            assert_eq!(counts.current(&tags, Some(Ttl(1)), Time(1)), Some(vec![8]));
        }
    }

    #[test]
    fn a_load_that_began_before_an_invalidation_is_known_to_be_overtaken() {
        let (counts, tag) = (told(), Key::from("a"));
        let began = counts.moment();
        counts.invalidate(&[Key::from("b")], Time(1));
        assert!(!counts.were_invalidated(std::slice::from_ref(&tag), began));
        counts.invalidate(std::slice::from_ref(&tag), Time(1));
        assert!(counts.were_invalidated(std::slice::from_ref(&tag), began));
        assert!(!counts.were_invalidated(std::slice::from_ref(&tag), counts.moment()));
        // Those that make room are remembered together.
        for n in 0..TAGS {
            counts.invalidate(&[Key::from(format!("t{n}").as_str())], Time(1));
        }
        assert!(counts.were_invalidated(&[tag], began));
        assert!(!counts.were_invalidated(&[Key::from("other")], counts.moment()));
    }

    #[test]
    fn the_count_of_an_own_invalidation_is_known_unless_another_came_meanwhile() {
        let (counts, tags) = (told(), [Key::from("a")]);
        let number = || counts.current(&tags, None, Time(1));
        let began = counts.invalidate(&tags, Time(1));
        counts.invalidated(&tags, &count(7).map(Some), began, Time(1));
        assert_eq!((number(), counts.at(&tags[0], counts.moment())), (Some(vec![7]), Some(7)));
        assert_eq!(counts.at(&tags[0], began), None);
        let began = counts.invalidate(&tags, Time(1));
        counts.invalidate(&tags, Time(1));
        counts.invalidated(&tags, &count(8).map(Some), began, Time(1));
        assert_eq!(number(), None);
        let began = counts.invalidate(&tags, Time(1));
        counts.forget_all();
        counts.invalidated(&tags, &count(9).map(Some), began, Time(1));
        assert_eq!(number(), None);
    }

    #[test]
    fn a_count_is_that_of_a_moment_if_it_was_read_by_then() {
        let (counts, tags) = (told(), [Key::from("a")]);
        let before = counts.moment();
        counts.learn(&tags, &count(7), before, Time(1));
        let after = counts.moment();
        counts.learn(&tags, &count(7), after, Time(2));
        assert_eq!((counts.at(&tags[0], before), counts.at(&tags[0], after)), (None, Some(7)));
        counts.learn(&tags, &count(8), counts.moment(), Time(3));
        assert_eq!(counts.at(&tags[0], after), None);
    }
}
