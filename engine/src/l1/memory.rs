//! The in-process layer: an exact bounded map behind a mutex, with mirrors that answer hits without a call.
//!
//! The journals of its [mirrors](Mirror) are drained before anything is decided here.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use parking_lot::{Mutex, MutexGuard};

use super::{
    flags::EntryFlags,
    mirror::{Mirror, Mirrors, Record},
    neighbours::Neighbours,
    refresh::Refreshes,
    removal::{Removal, Removals},
    tags::TagIndex,
    types::{Filled, Life, MemoryOptions, MemoryStats, Origin},
    watch::{Told, Watchers},
};
use crate::{
    bounded::{Bounded, Entry, Limits, NodeId},
    clock::Time,
    coherence::{
        fence::{Fence, Ticket},
        generations::Generations,
        recent::Recent,
    },
    entry::key::Key,
    value::Value,
};

/// A value in memory.
#[derive(Debug)]
pub(super) struct MemoryEntry<V> {
    pub(super) value: V,
    /// When the work that produced the value started.
    pub(super) stamp: Time,
}

/// The in-process layer.
pub struct Memory<V> {
    state: Mutex<State<V>>,
    fence: Arc<Fence>,
    generations: Arc<Generations>,
    recent: Arc<Recent>,
    neighbours: Neighbours,
    watchers: Watchers,
    pub(super) refreshes: Refreshes,
}

pub(super) struct State<V> {
    pub(super) entries: Bounded<MemoryEntry<V>>,
    pub(super) mirrors: Mirrors<V>,
    pub(super) removals: Removals,
    pub(super) tags: TagIndex,
}

impl<V: Value> Memory<V> {
    /// An empty layer, with these mirrors.
    #[must_use]
    pub fn new(options: MemoryOptions, mirrors: Vec<Box<dyn Mirror<V>>>) -> Memory<V> {
        let limits = Limits { entries: options.entries, bytes: options.bytes };
        let entries =
            Bounded::new(limits, options.policy).counted_by(|held: &MemoryEntry<V>| held.value.take_uses());
        let mirrors = Mirrors::new(mirrors);
        Memory {
            state: Mutex::new(State {
                entries,
                mirrors,
                removals: Removals::default(),
                tags: TagIndex::default(),
            }),
            fence: Arc::default(),
            generations: Arc::default(),
            recent: Arc::default(),
            neighbours: Neighbours::default(),
            watchers: Watchers::default(),
            refreshes: Refreshes::default(),
        }
    }

    /// Lets `act` work on each mirror, with the layer locked.
    pub fn each_mirror(&self, act: impl FnMut(&mut dyn Mirror<V>)) {
        self.state.lock().mirrors.each(act);
    }

    /// The fence of this layer, which all its caches share.
    #[must_use]
    pub fn fence(&self) -> &Arc<Fence> {
        &self.fence
    }

    /// The counts of deletes, of all caches on this layer, as they store under the same keys.
    #[must_use]
    pub fn generations(&self) -> &Arc<Generations> {
        &self.generations
    }

    /// The recent invalidations of all caches on this layer.
    #[must_use]
    pub fn recent(&self) -> &Arc<Recent> {
        &self.recent
    }

    /// The caches on this layer.
    #[must_use]
    pub fn neighbours(&self) -> &Neighbours {
        &self.neighbours
    }

    pub(super) fn watchers(&self) -> &Watchers {
        &self.watchers
    }

    /// A live value; it becomes the most recent.
    pub fn get(&self, key: &Key, now: Time) -> Option<V> {
        self.get_until(key, now, |_, _| Time::NEVER)
    }

    /// The same. Mirrors have to ask for it again from the time that `asks` returns, by when its load began and when it
    /// expires.
    pub fn get_until(&self, key: &Key, now: Time, asks: impl FnOnce(Time, Time) -> Time) -> Option<V> {
        let mut guard = self.lock();
        let state = &mut *guard;
        state.entries.get(key.as_bytes(), now).map(|(node, entry)| {
            let asks = asks(entry.value.stamp, entry.expires);
            let until = entry.expires.min(EntryFlags(entry.flags).lease_end(now)).min(asks);
            state.mirrors.publish(&entry.value.value, node, until);
            entry.value.value.clone()
        })
    }

    /// A live value, its recency unchanged.
    pub fn peek(&self, key: &Key, now: Time) -> Option<V> {
        self.lock().entries.peek(key.as_bytes(), now).map(|(_, entry)| entry.value.value.clone())
    }

    /// Stores a value. Returns false if it is not admitted.
    pub fn put(&self, key: &Key, value: V, life: Life<'_>, now: Time) -> bool {
        self.lock().insert(key, value, life, now)
    }

    /// Stores the value of a read or load, if its ticket is still valid and nothing newer is held.
    pub fn fill(&self, key: &Key, value: V, life: Life<'_>, ticket: &Ticket, now: Time) -> Filled {
        let mut state = self.lock();
        if state.holds_newer(key, life.stamp, life.origin, now) || !ticket.is_valid() {
            Filled::Overtaken
        } else if state.insert(key, value, life, now) {
            Filled::Stored
        } else {
            Filled::NotStored
        }
    }

    /// Removes a key, unless its live value is newer than a load that began at `stamp`. Returns whether it is.
    pub fn remove_unless_newer(&self, key: &Key, stamp: Time, now: Time) -> bool {
        let mut state = self.lock();
        let is_newer = state.holds_newer(key, stamp, Origin::Made, now);
        let removed = if is_newer { None } else { state.take(key) };
        drop(state);
        drop(removed);
        is_newer
    }

    /// Removes a key.
    pub fn remove(&self, key: &Key) {
        let _removed = self.lock().take(key);
    }

    /// Removes a key whose value was taken over from the second layer; one that was written here stays.
    pub fn remove_taken_over(&self, key: &Key) {
        self.remove_if(key, |held| EntryFlags(held.flags).is_taken_over());
    }

    /// Removes a key if its value is of the load or read that began at `stamp`.
    pub fn remove_filled(&self, key: &Key, stamp: Time) {
        self.remove_if(key, |held| held.value.stamp == stamp);
    }

    fn remove_if(&self, key: &Key, goes: impl FnOnce(&Entry<MemoryEntry<V>>) -> bool) {
        let mut state = self.lock();
        let held = state.entries.peek(key.as_bytes(), Time::ZERO);
        let removed = if held.is_some_and(|(_, held)| goes(held)) { state.take(key) } else { None };
        drop(state);
        drop(removed);
    }

    /// Removes the keys that `matches`. Returns their number.
    pub fn remove_where(&self, matches: impl FnMut(&Key) -> bool) -> usize {
        self.lock().entries.remove_where(matches)
    }

    /// Removes the keys whose values were produced up to `time`.
    pub fn remove_older(&self, time: Time) {
        self.lock().entries.remove_values_where(|held| held.stamp <= time);
    }

    /// Removes everything.
    pub fn clear(&self) {
        self.lock().entries.clear();
    }

    /// Removes, in slices, keys that were stored before it begins.
    pub fn removal(&self) -> Removal<'_, V> {
        Removal::new(self)
    }

    pub(super) fn with_entries<R>(
        &self,
        act: impl FnOnce(&mut Bounded<MemoryEntry<V>>, &mut Removals) -> R,
    ) -> R {
        let mut state = self.lock();
        let State { entries, removals, .. } = &mut *state;
        act(entries, removals)
    }

    pub(super) fn with_tags<R>(
        &self,
        act: impl FnOnce(&mut TagIndex, &mut Bounded<MemoryEntry<V>>) -> R,
    ) -> R {
        let mut state = self.lock();
        let State { entries, tags, .. } = &mut *state;
        act(tags, entries)
    }

    /// The contents of the layer, and its evictions. Removes expired entries.
    pub fn stats(&self, now: Time) -> MemoryStats {
        let mut state = self.lock();
        let mirror = state.mirrors.stats();
        let entries = state.entries.len(now);
        let bytes = state.entries.weight();
        MemoryStats { entries, bytes, evicted: state.entries.evicted(), mirror }
    }

    /// The same from a thread other than that of a mirror. Changes nothing, so expired entries are counted, and
    /// values that wait in a journal are not.
    pub fn glance(&self) -> MemoryStats {
        let State { entries, mirrors, .. } = &*self.state.lock();
        MemoryStats {
            entries: entries.held(),
            bytes: entries.weight(),
            evicted: entries.evicted(),
            mirror: mirrors.stats(),
        }
    }

    /// The number of live entries.
    pub fn len(&self, now: Time) -> usize {
        self.lock().entries.len(now)
    }

    /// Lets the mirrors answer `mark`, which is kept elsewhere and stands for absence.
    pub fn answer_absent(&self, mark: &V, until: Time) {
        self.state.lock().mirrors.publish(mark, NodeId::MAX, until);
    }

    /// Stops the mirrors from answering a value that is kept elsewhere.
    pub fn retract(&self, mark: &V) {
        self.state.lock().mirrors.retract(mark);
    }

    /// Drains the journals. A mirror then has to ask for the next `victims` victims, if these are known.
    pub fn drain(&self, victims: usize) {
        let mut state = self.lock();
        let State { entries, mirrors, .. } = &mut *state;
        mirrors.ask_for(entries.victims(victims).map(|held| &held.value));
    }

    /// The layer, with the journals drained.
    pub(super) fn lock(&self) -> Locked<'_, V> {
        let mut guard = self.state.lock();
        let State { entries, mirrors, removals, .. } = &mut *guard;
        if let Some(mirror) = mirrors.only() {
            mirror.drain(&mut |record| apply(entries, removals, record));
        } else {
            mirrors.drain(entries, |held| &held.value, |entries, record| apply(entries, removals, record));
        }
        let told = Told { left: Vec::new(), watchers: &self.watchers };
        Locked { state: guard, first: None, rest: Vec::new(), told }
    }
}

/// Applies a record of a mirror to the entries. Returns the node that was written.
#[expect(clippy::inline_always, reason = "to move a record once more takes as long as to apply it")]
#[inline(always)]
fn apply<V: Value>(
    entries: &mut Bounded<MemoryEntry<V>>,
    removals: &mut Removals,
    record: Record<'_, V>,
) -> Option<NodeId> {
    let written = match record {
        Record::Read(nodes) => {
            entries.touch_all(nodes);
            None
        }
        Record::Renew { node, expires } => {
            entries.renew(node, expires);
            None
        }
        Record::Overwrite { node, stamp, expires } => {
            entries.touch(node);
            entries.renew(node, expires);
            // An entry that a mirror overwrites has no lease, and its value was made here, not taken over from L2.
            entries.set_flags(node, 0);
            if let Some(held) = entries.node_value_mut(node) {
                held.stamp = stamp;
            }
            Some(node)
        }
        Record::Insert { key, value, stamp, expires } => {
            let (weight, held) = (value.weight(), MemoryEntry { value, stamp });
            // Do not purge while there is room: a later record may be about an entry that expired after it was made.
            let now = if entries.headroom() > 0 { Time::ZERO } else { stamp };
            entries.insert(&key, held, weight, expires, now)
        }
    };
    if let Some(node) = written {
        removals.wrote(node);
    }
    written
}

/// The layer while it is locked. When this ends, values that left are retracted before the lock is released, and
/// dropped afterwards: dropping a handle may take other locks.
pub(super) struct Locked<'a, V: Value> {
    // Dropped before the values that left.
    state: MutexGuard<'a, State<V>>,
    first: Option<MemoryEntry<V>>,
    rest: Vec<MemoryEntry<V>>,
    told: Told<'a>,
}

impl<V: Value> Deref for Locked<'_, V> {
    type Target = State<V>;

    fn deref(&self) -> &State<V> {
        &self.state
    }
}

impl<V: Value> DerefMut for Locked<'_, V> {
    fn deref_mut(&mut self) -> &mut State<V> {
        &mut self.state
    }
}

impl<V: Value> Drop for Locked<'_, V> {
    fn drop(&mut self) {
        let State { entries, mirrors, .. } = &mut *self.state;
        // Nearly always no value or one has left, which takes no allocation.
        self.first = entries.pop_removed();
        if self.first.is_some() {
            self.rest = entries.take_removed();
        }
        for held in self.first.iter().chain(&self.rest) {
            mirrors.retract(&held.value);
        }
        mirrors.headroom(entries.headroom());
        self.told.left = entries.take_leaving();
    }
}

impl<V: Value> State<V> {
    fn holds_newer(&self, key: &Key, stamp: Time, origin: Origin, now: Time) -> bool {
        let Some((_, held)) = self.entries.peek(key.as_bytes(), now) else { return false };
        match (EntryFlags(held.flags).is_of_private_layer(), origin == Origin::PrivateLayer) {
            (true, false) => false,
            (false, true) => true,
            _ => held.value.stamp > stamp,
        }
    }

    /// Takes a key out, for the caller to drop with the layer unlocked.
    fn take(&mut self, key: &Key) -> Option<MemoryEntry<V>> {
        let removed = self.entries.remove(key.as_bytes());
        if let Some(held) = &removed {
            self.mirrors.retract(&held.value);
        }
        removed
    }

    pub(super) fn insert(&mut self, key: &Key, value: V, life: Life<'_>, now: Time) -> bool {
        let weight = value.weight();
        let held = MemoryEntry { value, stamp: life.stamp };
        let Some(node) = self.entries.insert(key, held, weight, life.expires, now) else { return false };
        let flags = EntryFlags::new(life.lease, life.origin);
        self.entries.set_flags(node, if life.tags.is_some() { flags.tagged().0 } else { flags.0 });
        if let Some(tags) = life.tags {
            self.tags.add(key, tags, &self.entries);
        }
        self.removals.wrote(node);
        if let Some(held) = self.entries.node_value(node) {
            let until = life.expires.min(now.after(life.lease)).min(life.asks);
            self.mirrors.publish(&held.value, node, until);
        }
        true
    }
}
