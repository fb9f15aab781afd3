//! The in-process layer: an exact bounded map behind a mutex, with an optional front.
//!
//! A [`Front`] answers hits in the caller's own memory, without asking here, and may put another value into
//! the place of one that it may answer. It is told when a value may be answered and until when, and reports
//! what it did before anything else is decided here.

use std::{any::Any, sync::Arc};

use parking_lot::{Mutex, MutexGuard};

use crate::{
    bounded::{Bounded, Limits, NodeId, PolicyKind},
    clock::{Time, Ttl},
    coherence::fence::{Fence, Ticket},
    entry::{key::Key, pattern::Pattern},
    value::Value,
};

/// Answers hits in front of the memory layer. Called with the layer locked, so it needs no lock itself.
pub trait Front<V>: Any + Send {
    /// `value`, kept at `node`, may be answered until `until`.
    fn publish(&mut self, value: &V, node: NodeId, until: Time);
    /// `value` may not be answered any more.
    fn retract(&mut self, value: &V);
    /// Reports what it did since the last call, in order.
    fn replay(&mut self, report: &mut dyn FnMut(NodeId, Done));
}

/// What a front did with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// It answered a hit.
    Answered,
    /// It put another value into the place of the one held, at `stamp`, to expire at `expires`.
    Rewrote {
        /// When; not before it really did.
        stamp: Time,
        /// The end of the new value.
        expires: Time,
    },
}

/// A front that answers nothing.
#[derive(Debug)]
pub struct NoFront;

impl<V> Front<V> for NoFront {
    fn publish(&mut self, _: &V, _: NodeId, _: Time) {}
    fn retract(&mut self, _: &V) {}
    fn replay(&mut self, _: &mut dyn FnMut(NodeId, Done)) {}
}

/// How much the layer may hold, and which entries it gives up.
#[derive(Debug, Clone, Copy)]
pub struct MemoryOptions {
    /// The most entries.
    pub entries: usize,
    /// The most bytes, by [`Value::weight`].
    pub bytes: Option<u64>,
    /// Which entries make room.
    pub policy: PolicyKind,
}

/// A value in memory.
#[derive(Debug)]
struct Held<V> {
    value: V,
    /// When the work that produced the value started.
    stamp: Time,
    /// How long the front may answer it without asking.
    lease: Ttl,
    /// Whether it was taken over from the second layer.
    taken_over: bool,
}

/// When a value ends, how old it is, and how long the front may answer it unasked.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    /// When the value was produced.
    pub stamp: Time,
    /// When it stops being served.
    pub expires: Time,
    /// How long the front may answer before it has to ask again.
    pub lease: Ttl,
    /// Whether it was taken over from the second layer.
    pub taken_over: bool,
}

/// What came of a fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// The value is in the layer.
    Stored,
    /// The layer does not hold the value: there is none, it did not admit it, or it failed.
    NotStored,
    /// A newer value or an invalidation came first: the value belongs in no layer.
    Overtaken,
}

/// One entry as an inspection sees it.
#[derive(Debug)]
pub struct Peeked<V> {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: V,
    /// When it expires.
    pub expires: Time,
}

/// The in-process layer.
pub struct Memory<V> {
    state: Mutex<State<V>>,
    fence: Arc<Fence>,
}

struct State<V> {
    entries: Bounded<Held<V>>,
    front: Box<dyn Front<V>>,
}

impl<V: Value> Memory<V> {
    /// An empty layer.
    #[must_use]
    pub fn new(options: MemoryOptions, front: Box<dyn Front<V>>) -> Memory<V> {
        let limits = Limits { entries: options.entries, bytes: options.bytes };
        let entries = Bounded::new(limits, options.policy);
        Memory { state: Mutex::new(State { entries, front }), fence: Arc::default() }
    }

    /// Lets `act` work on the front, with the layer locked.
    pub fn with_front<R>(&self, act: impl FnOnce(&mut dyn Front<V>) -> R) -> R {
        act(&mut *self.state.lock().front)
    }

    /// The fence of this layer: shared by all caches that stand on it.
    #[must_use]
    pub fn fence(&self) -> &Arc<Fence> {
        &self.fence
    }

    /// A live value; it becomes the most recent.
    pub fn get(&self, key: &Key, now: Time) -> Option<V> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let found = state.entries.get(key.as_bytes(), now).map(|(node, entry)| {
            let until = entry.expires.min(now.after(entry.value.lease));
            state.front.publish(&entry.value.value, node, until);
            entry.value.value.clone()
        });
        release(guard);
        found
    }

    /// A live value, its recency unchanged.
    pub fn peek(&self, key: &Key, now: Time) -> Option<V> {
        self.lock().entries.peek(key.as_bytes(), now).map(|(_, entry)| entry.value.value.clone())
    }

    /// Stores a value. False when it is not admitted.
    pub fn put(&self, key: &Key, value: V, life: Life, now: Time) -> bool {
        let mut state = self.lock();
        let admitted = state.insert(key, value, life, now);
        release(state);
        admitted
    }

    /// Stores what a read or load produced, if its ticket is still valid and nothing newer is held.
    pub fn fill(&self, key: &Key, value: V, life: Life, ticket: &Ticket<'_>, now: Time) -> Filled {
        let mut state = self.lock();
        let filled = if state.holds_newer(key, life.stamp, now) || !ticket.is_valid() {
            Filled::Overtaken
        } else if state.insert(key, value, life, now) {
            Filled::Stored
        } else {
            Filled::NotStored
        };
        release(state);
        filled
    }

    /// Whether a live value is held that is newer than `stamp`.
    pub fn holds_newer(&self, key: &Key, stamp: Time, now: Time) -> bool {
        self.lock().holds_newer(key, stamp, now)
    }

    /// Removes a key.
    pub fn remove(&self, key: &Key) -> bool {
        let mut state = self.lock();
        let removed = state.take(key);
        release(state);
        removed.is_some()
    }

    /// Removes a key whose value was taken over from the second layer; one that was written here stays.
    pub fn remove_taken_over(&self, key: &Key) {
        let mut state = self.lock();
        let held = state.entries.peek(key.as_bytes(), Time::ZERO);
        if held.is_some_and(|(_, held)| held.value.taken_over) {
            let removed = state.take(key);
            release(state);
            drop(removed);
        }
    }

    /// Removes a key if its value is of the load or read that began at `stamp`.
    pub fn remove_filled(&self, key: &Key, stamp: Time) {
        let mut state = self.lock();
        let held = state.entries.peek(key.as_bytes(), Time::ZERO);
        if held.is_some_and(|(_, held)| held.value.stamp == stamp) {
            let removed = state.take(key);
            release(state);
            drop(removed);
        }
    }

    /// Removes the keys for which `matches` says so. Gives how many.
    pub fn remove_where(&self, matches: impl FnMut(&Key) -> bool) -> usize {
        let mut state = self.lock();
        let removed = state.entries.remove_where(matches);
        release(state);
        removed
    }

    /// Removes the keys whose values were produced by `time`.
    pub fn remove_older(&self, time: Time) {
        let mut state = self.lock();
        state.entries.remove_values_where(|held| held.stamp <= time);
        release(state);
    }

    /// Removes everything.
    pub fn clear(&self) {
        let mut state = self.lock();
        state.entries.clear();
        release(state);
    }

    /// Removes the keys that match.
    pub fn remove_matching(&self, pattern: &Pattern) -> usize {
        self.remove_where(|key| pattern.matches(key.as_bytes()))
    }

    /// The number of live entries.
    pub fn len(&self, now: Time) -> usize {
        let mut state = self.lock();
        let count = state.entries.len(now);
        release(state);
        count
    }

    /// Takes note of the hits the front answered.
    pub fn replay(&self) {
        drop(self.lock());
    }

    /// Up to `limit` entries that match, in no particular order, their recency unchanged; and where to
    /// go on. The work of one call is bounded, so a page may be short or empty before the end.
    pub fn scan(
        &self,
        cursor: u32,
        limit: usize,
        pattern: &Pattern,
        now: Time,
    ) -> (Vec<Peeked<V>>, Option<u32>) {
        let mut page = Vec::new();
        let state = self.lock();
        let next = state.entries.scan(cursor, limit, now, |key, entry| {
            let matches = pattern.matches(key.as_bytes());
            if matches {
                let value = entry.value.value.clone();
                page.push(Peeked { key: key.clone(), value, expires: entry.expires });
            }
            matches
        });
        drop(state);
        (page, next)
    }

    /// The layer, after the hits of the front were taken note of.
    fn lock(&self) -> MutexGuard<'_, State<V>> {
        let mut guard = self.state.lock();
        let state = &mut *guard;
        state.front.replay(&mut |node, done| {
            state.entries.touch(node);
            if let Done::Rewrote { stamp, expires } = done {
                state.entries.renew(node, expires);
                if let Some(held) = state.entries.node_value_mut(node) {
                    held.stamp = stamp;
                    held.taken_over = false;
                }
            }
        });
        guard
    }
}

impl<V: Value> State<V> {
    fn holds_newer(&self, key: &Key, stamp: Time, now: Time) -> bool {
        self.entries.peek(key.as_bytes(), now).is_some_and(|(_, held)| held.value.stamp > stamp)
    }

    /// Takes a key out, for the caller to drop with the layer unlocked.
    fn take(&mut self, key: &Key) -> Option<Held<V>> {
        let removed = self.entries.remove(key.as_bytes());
        if let Some(held) = &removed {
            self.front.retract(&held.value);
        }
        removed
    }

    fn insert(&mut self, key: &Key, value: V, life: Life, now: Time) -> bool {
        let weight = value.weight();
        let held = Held { value, stamp: life.stamp, lease: life.lease, taken_over: life.taken_over };
        let Some(node) = self.entries.insert(key, held, weight, life.expires, now) else { return false };
        if let Some(held) = self.entries.node_value(node) {
            self.front.publish(&held.value, node, life.expires.min(now.after(life.lease)));
        }
        true
    }
}

/// Retracts what left before anyone else can look, and drops it with the lock released: a handle's drop
/// may take other locks.
fn release<V: Value>(mut guard: MutexGuard<'_, State<V>>) {
    let state = &mut *guard;
    // Nearly always it is none or one, which takes no allocation.
    let first = state.entries.pop_removed();
    let Some(first) = first else { return };
    state.front.retract(&first.value);
    let rest = state.entries.take_removed();
    for held in &rest {
        state.front.retract(&held.value);
    }
    drop(guard);
    drop((first, rest));
}
