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
        if let Some(running) = state.running.get_mut(&self.hash) {
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

    /// The same ticket, for a read of the second layer.
    #[must_use]
    pub fn for_second_layer(mut self) -> Self {
        self.of_second_layer = true;
        self
    }

    /// The same ticket, for a value that a peer has sent.
    #[must_use]
    pub fn for_peer(mut self) -> Self {
        self.of_peer = true;
        self
    }

    /// Whether a peer has sent the value.
    #[must_use]
    pub fn is_of_peer(&self) -> bool {
        self.of_peer
    }

    /// The same ticket, for a load whose caller has its answer: a live value.
    #[must_use]
    pub fn for_refresh(mut self) -> Self {
        self.of_refresh = true;
        self
    }

    /// Whether the load is a refresh.
    #[must_use]
    pub fn is_of_refresh(&self) -> bool {
        self.of_refresh
    }

    /// The same ticket, for a load under a distributed lock.
    #[must_use]
    pub fn under_lock(mut self, lock: HeldLock) -> Self {
        self.lock = Some(Box::new(lock));
        self
    }

    /// The same ticket, for a load whose value is sent to the other instances. To be called before the load begins.
    #[must_use]
    pub fn having_seen(mut self, seen: Seen) -> Self {
        self.seen = Some(seen);
        self
    }

    /// The invalidations of other instances that the load had seen when it began.
    #[must_use]
    pub fn seen(&self) -> Option<&Seen> {
        self.seen.as_ref()
    }

    /// The same ticket, with the mark that a shared layer returned before the load.
    #[must_use]
    pub fn marked(mut self, mark: Option<Mark>) -> Self {
        self.mark = mark.map(Box::new);
        self
    }

    /// How far a shared layer had counted invalidations when the load began; `None` if that could not be
    /// learned.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        self.mark.as_deref().copied()
    }

    /// The same ticket, for a load that begins at that moment, with the counts of those of its tags that are known.
    #[must_use]
    pub fn counted(mut self, counts: Option<Counted>, moment: u64) -> Self {
        (self.counts, self.moment) = (counts, moment);
        self
    }

    /// The counts of tags from before the load.
    #[must_use]
    pub fn counts(&self) -> Option<&Counted> {
        self.counts.as_ref()
    }

    /// The moment at which the load began.
    #[must_use]
    pub fn moment(&self) -> u64 {
        self.moment
    }

    /// The token of the distributed lock that the load runs under.
    #[must_use]
    pub fn lock_token(&self) -> Option<&str> {
        self.lock.as_ref().map(|lock| lock.token.as_str())
    }

    /// Whether the lock that the load ran under may have passed to another instance, whose value is newer.
    #[must_use]
    pub fn has_lost_lock(&self, now: Time) -> bool {
        self.lock.as_ref().is_some_and(|lock| lock.ends <= now)
    }

    /// Whether the value is one that the second layer holds.
    #[must_use]
    pub fn is_of_second_layer(&self) -> bool {
        self.of_second_layer
    }

    /// When the work started: the age of the value it produces.
    #[must_use]
    pub fn started(&self) -> Time {
        self.started
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

#[cfg(test)]
mod tests;
