//! Missed writes of a shared store: deletes that failed, and writes that failed and left an older value there. Until
//! the store is repaired, its values of these keys are not read, nor those with tags that it has to invalidate.
//!
//! Other instances may have read them: once a missed invalidation is repaired, it has to be published again.

mod keys;
#[cfg(test)]
mod tests;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use parking_lot::Mutex;
use tokio::sync::Notify;

use self::keys::{MissedKey, MissedKeys};
use crate::{
    clock::{Time, Ttl},
    coherence::removed::Removed,
    entry::{key::Key, pattern::Pattern},
};

/// The most keys that are remembered. Beyond them the oldest are forgotten: their values live until they expire.
const MOST_KEYS: usize = 10_000;
/// The most patterns that are remembered.
const MOST_PATTERNS: usize = 100;
/// The most keys that one repair deletes.
pub(super) const AT_ONCE: usize = 500;
/// The pause after a repair that failed. It doubles each time the store refuses, up to the second.
const PAUSE: Ttl = Ttl(500_000);
const LONGEST_PAUSE: Ttl = Ttl(32_000_000);

/// How many writes were missed before an operation began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment(u64);

/// The missed writes of one store.
pub(crate) struct MissedWrites {
    /// Whether there are any, or repaired ones to publish. Nearly always there are none.
    any: AtomicBool,
    missed: Mutex<Missed>,
    /// Notified of each missed write, and after each repair.
    news: Arc<Notify>,
}

struct Missed {
    keys: MissedKeys,
    tags: MissedKeys,
    patterns: Vec<(u64, Pattern)>,
    count: u64,
    /// The kind whose repair failed last: the others come first.
    failed: Option<Kind>,
    /// Whether a repair runs.
    busy: bool,
    /// The earliest time of the next repair.
    next: Time,
    pause: Ttl,
    /// Repaired invalidations that have to be published again.
    repaired: Vec<Removed>,
}

/// The subject of a repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Patterns,
    Tags,
    Keys,
}

/// The deletes of one repair.
pub(super) enum Deletes {
    Pattern(u64, Pattern),
    Keys(Vec<(u64, Key)>),
    Tags(Vec<(u64, Key)>),
}

impl Deletes {
    fn kind(&self) -> Kind {
        match self {
            Deletes::Pattern(..) => Kind::Patterns,
            Deletes::Tags(_) => Kind::Tags,
            Deletes::Keys(_) => Kind::Keys,
        }
    }
}

/// A repair under way; there is one at a time. Dropped before it ends, also with a request that is abandoned, it is
/// tried again later.
pub(super) struct Repair<'a> {
    missed: &'a MissedWrites,
    pub(super) deletes: Deletes,
    /// The outcome: [`Outcome::Failed`] until the repair ends.
    outcome: Outcome,
    since: Time,
}

/// The outcome of a repair.
pub(super) enum Outcome {
    /// Not known, or failed.
    Failed,
    /// The store refuses.
    Refused,
    Done,
    /// Whether each key is done, and whether the store refused the others.
    DoneSome {
        done: Vec<bool>,
        is_refused: bool,
    },
}

impl Repair<'_> {
    pub(super) fn ends(mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Repair<'_> {
    fn drop(&mut self) {
        self.missed.end_repair(&self.deletes, &self.outcome, self.since);
    }
}

impl MissedWrites {
    pub(super) fn new(news: Arc<Notify>) -> MissedWrites {
        let missed = Missed {
            keys: MissedKeys::new(),
            tags: MissedKeys::new(),
            patterns: Vec::new(),
            count: 0,
            failed: None,
            busy: false,
            next: Time::ZERO,
            pause: PAUSE,
            repaired: Vec::new(),
        };
        MissedWrites { any: AtomicBool::new(false), missed: Mutex::new(missed), news }
    }

    /// Whether the value that the store holds of a key may be outdated.
    pub(super) fn contains(&self, key: &Key) -> bool {
        if !self.any() {
            return false;
        }
        let missed = self.missed.lock();
        missed.keys.get(key).is_some()
            || missed.patterns.iter().any(|(_, pattern)| pattern.matches(key.as_bytes()))
    }

    /// Whether one of these tags has yet to be invalidated in the store.
    pub(super) fn contains_tag<'a>(&self, mut tags: impl Iterator<Item = &'a Key>) -> bool {
        self.any() && {
            let missed = self.missed.lock();
            tags.any(|tag| missed.tags.get(tag).is_some())
        }
    }

    /// Whether there are any, or repaired ones to publish.
    pub(crate) fn any(&self) -> bool {
        self.any.load(SeqCst)
    }

    /// The store still has a value of a key that it has to lose.
    pub(super) fn add(&self, key: &Key, is_invalidation: bool) {
        let mut missed = self.missed.lock();
        missed.count += 1;
        let number = missed.count;
        missed.keys.add(key, MissedKey { number, is_invalidation });
        self.any.store(true, SeqCst);
        drop(missed);
        self.news.notify_one();
    }

    /// The store has yet to invalidate tags.
    pub(super) fn add_tags(&self, tags: &[Key]) {
        let mut missed = self.missed.lock();
        for tag in tags {
            missed.count += 1;
            let number = missed.count;
            missed.tags.add(tag, MissedKey { number, is_invalidation: true });
        }
        self.any.store(true, SeqCst);
        drop(missed);
        self.news.notify_one();
    }

    pub(super) fn add_pattern(&self, pattern: &Pattern) {
        let mut missed = self.missed.lock();
        missed.patterns.retain(|(_, known)| known.as_bytes() != pattern.as_bytes());
        if missed.patterns.len() == MOST_PATTERNS {
            missed.patterns.remove(0);
        }
        missed.count += 1;
        let number = missed.count;
        missed.patterns.push((number, pattern.clone()));
        self.any.store(true, SeqCst);
        drop(missed);
        self.news.notify_one();
    }

    /// The present moment, for an operation that begins.
    pub(super) fn moment(&self) -> Moment {
        Moment(self.missed.lock().count)
    }

    /// A key was removed, by a caller that publishes it and began at `since`.
    pub(super) fn removed(&self, key: &Key, since: Moment) {
        if self.any() {
            self.missed.lock().keys.take_until(key, since);
        }
    }

    /// Tags were invalidated, by a caller that publishes it and began at `since`.
    pub(super) fn invalidated(&self, tags: &[Key], since: Moment) {
        if self.any() {
            let mut missed = self.missed.lock();
            for tag in tags {
                missed.tags.take_until(tag, since);
            }
        }
    }

    /// Whether an invalidation of this very key was missed.
    pub(super) fn has_invalidation(&self, key: &Key) -> bool {
        if !self.any() {
            return false;
        }
        let missed = self.missed.lock();
        missed.keys.get(key).is_some_and(|known| known.is_invalidation)
    }

    /// A key was written, by an operation that began at `since`. Its missed invalidation has to be published again.
    pub(super) fn written(&self, key: &Key, since: Moment) {
        if !self.any() {
            return;
        }
        let mut missed = self.missed.lock();
        let known = missed.keys.take_until(key, since);
        if known.is_some_and(|known| known.is_invalidation) {
            missed.is_repaired(Removed::Key(key.clone()));
            self.news.notify_one();
        }
    }

    /// The time until the next repair; `None` when nothing was missed.
    pub(crate) fn wait(&self, now: Time) -> Option<Ttl> {
        if !self.any() {
            return None;
        }
        let missed = self.missed.lock();
        Some(if missed.busy { PAUSE } else { Ttl(missed.next.0.saturating_sub(now.0)) })
    }

    /// Whether a repaired invalidation has to be published again.
    pub(crate) fn has_repaired(&self) -> bool {
        self.any() && !self.missed.lock().repaired.is_empty()
    }

    /// The repaired invalidations since the last call.
    pub(crate) fn take_repaired(&self) -> Vec<Removed> {
        std::mem::take(&mut self.missed.lock().repaired)
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
        let Some(deletes) = missed.next_deletes() else {
            self.any.store(!missed.repaired.is_empty(), SeqCst);
            return None;
        };
        missed.busy = true;
        Some(Repair { missed: self, deletes, outcome: Outcome::Failed, since: now })
    }

    fn end_repair(&self, deletes: &Deletes, outcome: &Outcome, now: Time) {
        let mut missed = self.missed.lock();
        missed.busy = false;
        let all_done = match outcome {
            Outcome::Failed | Outcome::Refused => false,
            Outcome::Done => true,
            Outcome::DoneSome { done, .. } => done.iter().all(|done| *done),
        };
        if all_done {
            missed.pause = PAUSE;
        } else {
            missed.next = now.after(missed.pause);
            let is_refused = matches!(outcome, Outcome::Refused | Outcome::DoneSome { is_refused: true, .. });
            missed.pause = if is_refused { Ttl(missed.pause.0 * 2).at_most(LONGEST_PAUSE) } else { PAUSE };
        }
        missed.failed = (!all_done).then_some(deletes.kind());
        match deletes {
            Deletes::Pattern(number, pattern) if all_done => {
                missed.patterns.retain(|(other, _)| other != number);
                missed.is_repaired(Removed::Pattern(pattern.clone()));
            }
            Deletes::Pattern(..) => missed.patterns.rotate_left(1),
            Deletes::Keys(keys) | Deletes::Tags(keys) => {
                for (at, (number, key)) in keys.iter().enumerate() {
                    let is_done = match outcome {
                        Outcome::DoneSome { done, .. } => done.get(at) == Some(&true),
                        _ => all_done,
                    };
                    if is_done {
                        missed.done(deletes.kind(), *number, key);
                    }
                }
            }
        }
        drop(missed);
        self.news.notify_one();
    }
}

impl Missed {
    /// The deletes of the next repair.
    fn next_deletes(&mut self) -> Option<Deletes> {
        let kinds = [Kind::Patterns, Kind::Tags, Kind::Keys];
        let failed = self.failed;
        let others = kinds.into_iter().filter(|kind| failed != Some(*kind));
        others.chain(failed).find_map(|kind| match kind {
            Kind::Patterns => {
                self.patterns.first().map(|(number, pattern)| Deletes::Pattern(*number, pattern.clone()))
            }
            Kind::Tags => self.tags.some().map(Deletes::Tags),
            Kind::Keys => self.keys.some().map(Deletes::Keys),
        })
    }

    fn done(&mut self, kind: Kind, number: u64, key: &Key) {
        let of_kind = if kind == Kind::Tags { &mut self.tags } else { &mut self.keys };
        let Some(held) = of_kind.get(key).filter(|held| held.number == number) else { return };
        of_kind.remove(key);
        if held.is_invalidation {
            let key = key.clone();
            self.is_repaired(if kind == Kind::Tags { Removed::Tag(key) } else { Removed::Key(key) });
        }
    }

    fn is_repaired(&mut self, removed: Removed) {
        // Without a bus they are never taken.
        if self.repaired.len() < MOST_KEYS {
            self.repaired.push(removed);
        }
    }
}
