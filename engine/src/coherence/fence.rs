//! The fence between running reads and loads, and invalidations.
//!
//! A read or a load whose value may end up in a layer takes a [`Ticket`] first. An invalidation voids the tickets of
//! the keys it touches; a void ticket stores nothing. Only keys with work in flight are tracked, so memory is bounded
//! by the work itself.
//!
//! A newer value that is being stored ([`Ticket::storing`]) also voids reads: they may find the value before it.
//!
//! Keys are told apart by a 64-bit hash: a collision voids one ticket too many, which only skips a fill.
//! The idea of leases is that of Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013.

mod about;
#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    hash::BuildHasher,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
};

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use parking_lot::Mutex;

use super::{counts::Counted, recent::Seen};
use crate::{
    clock::Time,
    coherence::mark::Mark,
    entry::{key::Key, pattern::Pattern},
};

/// How many patterns are remembered for comparison with running work. Work that was overtaken by more patterns than
/// this counts as touched by all of them.
const PATTERNS_KEPT: usize = 64;

/// Issues tickets and voids them.
#[derive(Debug, Default)]
pub struct Fence {
    hasher: RandomState,
    /// Tickets out. An invalidation that sees none has nothing to void: a ticket taken later is for work
    /// that starts later. Sequentially consistent, as the two must not miss each other.
    out: AtomicUsize,
    /// Rises with each void that may have touched a ticket: while it stands still, all are valid.
    voids: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    running: HashMap<u64, KeyTickets, foldhash::quality::RandomState>,
    /// How many patterns were voided so far; `patterns` holds the last of them.
    pattern_count: u64,
    patterns: VecDeque<Pattern>,
}

/// The tickets of a key.
#[derive(Debug, Default)]
struct KeyTickets {
    tickets: u32,
    /// How often all tickets of the key were voided.
    voided: u32,
    /// How often those of reads alone were.
    reads_voided: u32,
    /// How many newer values are being stored.
    storing: u32,
    /// The voids of the key, and of patterns, when the first of those began.
    since: (u32, u64),
}

impl Fence {
    /// A ticket for work on `key` that starts now.
    #[must_use]
    pub fn ticket(self: &Arc<Self>, key: &Key, now: Time) -> Ticket {
        self.issue(key, now, false)
    }

    /// A ticket for a read of `key` in a layer: void as well once a newer value is being stored.
    #[must_use]
    pub fn read_ticket(self: &Arc<Self>, key: &Key, now: Time) -> Ticket {
        self.issue(key, now, true)
    }

    fn issue(self: &Arc<Self>, key: &Key, now: Time, is_read: bool) -> Ticket {
        let hash = self.hasher.hash_one(key.as_bytes());
        self.out.fetch_add(1, SeqCst);
        let mut state = self.state.lock();
        let voids = self.voids.load(SeqCst);
        let pattern_count = state.pattern_count;
        let running = state.running.entry(hash).or_default();
        running.tickets += 1;
        let ticket = Ticket {
            fence: Arc::clone(self),
            key: key.clone(),
            hash,
            voided: running.voided,
            reads_voided: running.reads_voided,
            voids,
            pattern_count,
            started: now,
            lock: None,
            seen: None,
            mark: None,
            counts: None,
            moment: 0,
            is_read,
            of_second_layer: false,
            of_peer: false,
            of_refresh: false,
        };
        if is_read && running.storing > 0 { ticket.overtaken() } else { ticket }
    }

    /// Voids the tickets of `key`.
    pub fn void(&self, key: &Key) {
        if self.out.load(SeqCst) == 0 {
            return;
        }
        let hash = self.hasher.hash_one(key.as_bytes());
        if let Some(running) = self.state.lock().running.get_mut(&hash) {
            running.voided = running.voided.wrapping_add(1);
            self.voids.fetch_add(1, SeqCst);
        }
    }

    /// Voids the tickets of all keys that match.
    pub fn void_matching(&self, pattern: &Pattern) {
        if self.out.load(SeqCst) == 0 {
            return;
        }
        let mut state = self.state.lock();
        self.voids.fetch_add(1, SeqCst);
        state.pattern_count += 1;
        if state.patterns.len() == PATTERNS_KEPT {
            state.patterns.pop_front();
        }
        state.patterns.push_back(pattern.clone());
    }

    /// Whether any work is in flight.
    #[must_use]
    pub fn has_tickets(&self) -> bool {
        self.out.load(SeqCst) > 0
    }

    /// Whether work on `key` is in flight.
    #[must_use]
    pub fn has_tickets_of(&self, key: &Key) -> bool {
        let hash = self.hasher.hash_one(key.as_bytes());
        self.state.lock().running.contains_key(&hash)
    }

    /// Whether a value of `key` that is being stored, or one of several, was overtaken by an invalidation.
    #[must_use]
    pub fn stores_overtaken(&self, key: &Key) -> bool {
        if self.out.load(SeqCst) == 0 {
            return false;
        }
        let hash = self.hasher.hash_one(key.as_bytes());
        let state = self.state.lock();
        state.running.get(&hash).filter(|running| running.storing > 0).is_some_and(|running| {
            let (voided, patterns) = running.since;
            running.voided != voided
                || (state.pattern_count != patterns && state.pattern_touched(key, patterns))
        })
    }

    /// How many keys have work in flight.
    #[must_use]
    pub fn tracked_keys(&self) -> usize {
        self.state.lock().running.len()
    }
}

impl State {
    fn pattern_touched(&self, key: &Key, since: u64) -> bool {
        let missed = usize::try_from(self.pattern_count - since).unwrap_or(usize::MAX);
        missed > self.patterns.len()
            || self.patterns.iter().rev().take(missed).any(|pattern| pattern.matches(key.as_bytes()))
    }
}

/// A distributed lock that was acquired.
#[derive(Debug)]
pub struct HeldLock {
    /// Names its owner.
    pub token: String,
    /// When it ends on its own, by this instance's clock.
    pub ends: Time,
}

/// Permission to store the value of one read or load of a key, until an invalidation voids it.
#[derive(Debug)]
pub struct Ticket {
    fence: Arc<Fence>,
    key: Key,
    hash: u64,
    voided: u32,
    reads_voided: u32,
    voids: u64,
    pattern_count: u64,
    started: Time,
    /// Boxed: few loads have one.
    lock: Option<Box<HeldLock>>,
    /// The invalidations of other instances that the load has seen, if its value is to be sent.
    seen: Option<Seen>,
    mark: Option<Box<Mark>>,
    /// The tags of the value that were known before the load, with their counts.
    counts: Option<Counted>,
    moment: u64,
    is_read: bool,
    of_second_layer: bool,
    of_peer: bool,
    of_refresh: bool,
}

/// A newer value on its way into the layers, see [`Ticket::storing`].
#[derive(Debug)]
pub struct Storing<'a> {
    ticket: &'a Ticket,
}

impl Drop for Storing<'_> {
    fn drop(&mut self) {
        if let Some(running) = self.ticket.fence.state.lock().running.get_mut(&self.ticket.hash) {
            running.storing -= 1;
        }
    }
}

impl Ticket {
    /// Whether nothing has invalidated the key since the ticket was taken.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        if self.fence.voids.load(SeqCst) == self.voids {
            return true;
        }
        let state = self.fence.state.lock();
        let voided = state.running.get(&self.hash).is_none_or(|running| {
            running.voided != self.voided || (self.is_read && running.reads_voided != self.reads_voided)
        });
        !voided
            && (state.pattern_count == self.pattern_count
                || !state.pattern_touched(&self.key, self.pattern_count))
    }

    /// Marks the value of this ticket as being stored, until the returned guard is dropped. Reads that run
    /// meanwhile are void: they may have found the value before this one.
    pub fn storing(&self) -> Storing<'_> {
        let mut state = self.fence.state.lock();
        let patterns = state.pattern_count;
        if let Some(running) = state.running.get_mut(&self.hash) {
            running.since = if running.storing == 0 { (running.voided, patterns) } else { running.since };
            running.storing += 1;
            if running.tickets > 1 {
                running.reads_voided = running.reads_voided.wrapping_add(1);
                self.fence.voids.fetch_add(1, SeqCst);
            }
        }
        Storing { ticket: self }
    }

    /// The same ticket, void: the caller knows that an invalidation has touched its key.
    #[must_use]
    pub fn overtaken(mut self) -> Self {
        self.voids = u64::MAX;
        self.voided = self.voided.wrapping_sub(1);
        self
    }

    /// Whether patterns alone have voided the ticket, as a gap does: nothing that was about the key itself.
    #[must_use]
    pub fn is_void_by_patterns(&self) -> bool {
        if self.is_valid() {
            return false;
        }
        let state = self.fence.state.lock();
        state.running.get(&self.hash).is_some_and(|running| running.voided == self.voided)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.fence.state.lock();
        if let Some(running) = state.running.get_mut(&self.hash) {
            running.tickets -= 1;
            if running.tickets == 0 {
                state.running.remove(&self.hash);
                if state.running.is_empty() {
                    state.patterns.clear();
                }
            }
        }
        drop(state);
        self.fence.out.fetch_sub(1, SeqCst);
    }
}
