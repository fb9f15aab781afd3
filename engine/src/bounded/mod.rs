//! A map with exact bounds: the memory layer, negative entries, stale copies, generations and seen
//! event ids are all one of these.
//!
//! Entries live in a slab and are identified by a [`NodeId`], so a use can be recorded in four bytes and applied
//! later without hashing the key again. Beside the slab are an eviction policy and the order of expiry, which own no
//! entries.
//!
//! Not synchronised: the owner has a lock. Values that leave are collected, not dropped, so that the owner drops them
//! with the lock released ([`Bounded::take_removed`]).

mod expiry;
mod ghost;
mod leaving;
mod limits;
mod lru;
mod policy;
mod row;
mod s3fifo;
mod segments;
mod slab;
#[cfg(test)]
mod tests;
mod tinylfu;
mod walk;
mod weights;
mod window;

use std::mem;

pub use leaving::Left;
pub use limits::{Evicted, Limits};
pub use policy::PolicyKind;
pub use slab::{Entry, NodeId};

use self::{expiry::Expiry, leaving::Leaving, policy::Policy, s3fifo::Look, slab::Slab, weights::Weights};
use crate::{clock::Time, entry::key::Key};

/// How many expired entries one insert removes beyond those whose room it needs: more than one, so that inserts keep
/// ahead of expiry, and few, so that no insert stalls.
const PURGED_PER_INSERT: usize = 8;

/// A map that never holds more than its [`Limits`], and no entry beyond its time.
///
/// An entry is live while `now < expires`. Expired entries never hit and make room before a live one does.
pub struct Bounded<T> {
    slab: Slab<T>,
    expiry: Expiry,
    policy: Policy,
    limits: Limits,
    weights: Weights,
    removed: Vec<T>,
    leaving: Leaving,
    /// Takes the uses of a value that were counted elsewhere.
    take_uses: fn(&T) -> u8,
}

impl<T> Bounded<T> {
    /// An empty map. Memory is taken as entries come, whatever the limits are.
    #[must_use]
    pub fn new(limits: Limits, policy: PolicyKind) -> Bounded<T> {
        let limits = Limits { entries: limits.entries.clamp(1, slab::MOST_NODES), ..limits };
        let policy = Policy::new(policy, limits);
        Bounded {
            slab: Slab::new(limits.entries),
            expiry: Expiry::new(limits.entries),
            policy,
            weights: Weights::new(limits),
            limits,
            removed: Vec::new(),
            leaving: Leaving::default(),
            take_uses: |_| 0,
        }
    }

    /// The map is not told of all uses: `take` returns how many there were of a value since it was asked last. Policies
    /// that count uses ask before they decide on an entry.
    #[must_use]
    pub fn counted_by(self, take: fn(&T) -> u8) -> Bounded<T> {
        Bounded { take_uses: take, ..self }
    }

    /// A live entry, which becomes the most recent.
    pub fn get(&mut self, key: &[u8], now: Time) -> Option<(NodeId, &Entry<T>)> {
        let hash = self.slab.hash(key);
        let live = self.slab.find(hash, key).filter(|&id| !self.evict_if_expired(id, now));
        let Some(id) = live else {
            self.policy.record_miss(hash);
            return None;
        };
        self.policy.touched(id, hash);
        self.slab.entry(id).map(|entry| (id, entry))
    }

    /// A live entry, its recency unchanged.
    #[must_use]
    pub fn peek(&self, key: &[u8], now: Time) -> Option<(NodeId, &Entry<T>)> {
        let id = self.slab.find(self.slab.hash(key), key)?;
        self.slab.entry(id).filter(|entry| now < entry.expires).map(|entry| (id, entry))
    }

    /// The value at a node, live or not.
    #[must_use]
    pub fn node_value(&self, id: NodeId) -> Option<&T> {
        self.slab.entry(id).map(|entry| &entry.value)
    }

    /// Makes a node the most recent. A node that is not in use is ignored.
    #[inline]
    pub fn touch(&mut self, id: NodeId) {
        match &mut self.policy {
            Policy::Lru(lru) => lru.touched(id),
            Policy::S3Fifo(s3fifo) => s3fifo.touched(id),
            Policy::TinyLfu(tinylfu) => {
                if let Some(hash) = self.slab.hash_of(id) {
                    tinylfu.touched(id, hash);
                }
            }
        }
    }

    /// The same for several, one after the other.
    pub fn touch_all(&mut self, ids: &[NodeId]) {
        if let Policy::Lru(lru) = &mut self.policy {
            lru.touched_all(ids);
        } else {
            ids.iter().for_each(|&id| self.touch(id));
        }
    }

    /// Stores an entry as the most recent, in place of an older one of the same key.
    ///
    /// Returns `None` when the entry was not admitted: it weighs more than the whole map may, it has already
    /// expired (in both cases the older entry is removed as well), or the policy prefers the present entries.
    /// The value is then among the removed ones.
    pub fn insert(&mut self, key: &Key, value: T, weight: u64, expires: Time, now: Time) -> Option<NodeId> {
        let hash = self.slab.hash(key.as_bytes());
        let found = self.slab.find(hash, key.as_bytes());
        if expires <= now || self.limits.bytes.is_some_and(|bytes| weight > bytes) {
            if let Some(id) = found {
                self.evict(id);
            }
            self.removed.push(value);
            return None;
        }
        let weight = u32::try_from(weight).unwrap_or(u32::MAX);
        let entry = Entry { value, expires, hash, flags: 0 };
        let id = match found {
            Some(id) => self.overwrite(id, entry, weight, now),
            None => self.add(key, entry, weight, now),
        };
        self.settle(id);
        self.slab.entry(id).is_some().then_some(id)
    }

    /// Removes a key, live or not; returns its value.
    pub fn remove(&mut self, key: &[u8]) -> Option<T> {
        let id = self.slab.find(self.slab.hash(key), key)?;
        self.detach(id)
    }

    /// Removes a key, live or not; its value waits with the others that left.
    pub fn evict_key(&mut self, key: &[u8]) {
        if let Some(id) = self.slab.find(self.slab.hash(key), key) {
            self.evict(id);
        }
    }

    /// Removes entries until there are at most `entries`, as if that were the limit.
    pub fn shrink_to(&mut self, entries: usize, now: Time) {
        while self.slab.len() > entries && self.evict_one_expired(now) {}
        while self.slab.len() > entries && self.evict_victim() {}
    }

    /// Removes everything and frees the memory of the map.
    pub fn clear(&mut self) {
        self.slab.clear_into(&mut self.removed);
        self.expiry = Expiry::new(self.limits.entries);
        self.policy.clear(self.limits);
        self.weights = Weights::new(self.limits);
    }

    /// How many entries are live. Removes those that are not.
    pub fn len(&mut self, now: Time) -> usize {
        while self.evict_one_expired(now) {}
        self.slab.len()
    }

    /// The values of the next `most` victims, the next one first; none if the policy decides by itself. They are the
    /// victims until they are used or removed.
    pub fn victims(&mut self, most: usize) -> impl Iterator<Item = &T> {
        let (slab, take_uses) = (&self.slab, self.take_uses);
        self.policy.choose_victims(most, |id| look(slab, take_uses, id));
        self.policy.victims().take(most).filter_map(|id| self.node_value(id))
    }

    /// How many more entries surely fit. Expired ones count until something removes them. 0 under a policy or a
    /// bound that may refuse an entry.
    #[must_use]
    pub fn headroom(&self) -> usize {
        if self.policy.decides_itself() || self.limits.bytes.is_some() {
            return 0;
        }
        self.limits.entries - self.slab.len()
    }

    /// Lets an entry live until `expires`, later or sooner than it did. Ids that are free are ignored.
    pub fn renew(&mut self, id: NodeId, expires: Time) {
        if let Some(entry) = self.slab.entry_mut(id) {
            entry.expires = expires;
            self.expiry.schedule(id, expires);
        }
    }

    /// The value at a node, to be changed in place.
    pub fn node_value_mut(&mut self, id: NodeId) -> Option<&mut T> {
        self.slab.entry_mut(id).map(|entry| &mut entry.value)
    }

    /// Sets the `flags` of an entry until it is overwritten. The map does not interpret them. Free ids are
    /// ignored.
    pub fn set_flags(&mut self, id: NodeId, flags: u32) {
        if let Some(entry) = self.slab.entry_mut(id) {
            entry.flags = flags;
        }
    }

    /// One of the values that left: see [`Bounded::take_removed`], which allocates.
    pub fn pop_removed(&mut self) -> Option<T> {
        self.removed.pop()
    }

    /// The values that left since the last call, in that order: evicted, expired, overwritten, not admitted or
    /// cleared; all but those that [`Bounded::remove`] returned.
    #[must_use]
    pub fn take_removed(&mut self) -> Vec<T> {
        mem::take(&mut self.removed)
    }

    /// As [`Bounded::take_removed`], appended to `into`.
    pub fn drain_removed(&mut self, into: &mut Vec<T>) {
        into.append(&mut self.removed);
    }

    fn add(&mut self, key: &Key, entry: Entry<T>, weight: u32, now: Time) -> NodeId {
        self.purge(now);
        let (expires, hash) = (entry.expires, entry.hash);
        self.make_room(1, u64::from(weight), now);
        let id = self.slab.add(key.clone(), entry);
        self.weights.set(id, weight);
        self.expiry.schedule(id, expires);
        self.policy.added(id, hash, u64::from(weight));
        id
    }

    fn overwrite(&mut self, id: NodeId, entry: Entry<T>, weight: u32, now: Time) -> NodeId {
        let expires = entry.expires;
        self.log_replaced(id, now);
        let (slab, take_uses) = (&self.slab, self.take_uses);
        let uses = || look(slab, take_uses, id).map_or(0, |look| look.uses);
        self.policy.overwritten(id, entry.hash, u64::from(weight), uses);
        if let Some(old) = self.slab.entry_mut(id) {
            self.removed.push(mem::replace(old, entry).value);
            self.weights.set(id, weight);
        }
        self.expiry.schedule(id, expires);
        if self.exceeds(0, 0) {
            // Others make room for it.
            self.policy.spare(id);
            self.make_room(0, 0, now);
        }
        id
    }

    /// Expired entries go before the policy picks any.
    fn make_room(&mut self, entries: usize, weight: u64, now: Time) {
        while self.exceeds(entries, weight) && self.evict_one_expired(now) {}
        while self.exceeds(entries, weight) && self.evict_victim() {}
    }

    fn evict_victim(&mut self) -> bool {
        let (slab, take_uses) = (&self.slab, self.take_uses);
        let victim = self.policy.victim(|id| look(slab, take_uses, id));
        victim.map(|victim| self.evict_for_room(victim)).is_some()
    }

    /// Carries out the decisions of the policy. If they free too little, the entry just stored goes: the
    /// limits hold in any case.
    fn settle(&mut self, stored: NodeId) {
        while let Some((id, hash)) = self.policy.decided() {
            if self.slab.hash_of(id) == Some(hash) {
                self.evict_for_room(id);
            }
        }
        if self.exceeds(0, 0) {
            self.evict_for_room(stored);
        }
    }

    fn exceeds(&self, entries: usize, weight: u64) -> bool {
        self.slab.len() + entries > self.limits.entries || self.weights.exceed_with(weight)
    }

    fn purge(&mut self, now: Time) {
        let most = if self.policy.decides_itself() { usize::MAX } else { PURGED_PER_INSERT };
        let mut purged = 0;
        while purged < most && self.evict_one_expired(now) {
            purged += 1;
        }
    }

    fn evict_one_expired(&mut self, now: Time) -> bool {
        while let Some(id) = self.expiry.pop_due(now) {
            let Some(entry) = self.slab.entry(id) else { continue };
            let expires = entry.expires;
            if self.evict_if_expired(id, now) {
                return true;
            }
            self.expiry.schedule(id, expires);
        }
        false
    }

    fn evict(&mut self, id: NodeId) {
        let value = self.detach(id);
        self.removed.extend(value);
    }

    fn detach(&mut self, id: NodeId) -> Option<T> {
        let entry = self.slab.remove(id)?;
        self.policy.removed(id, entry.hash);
        self.weights.removed(id);
        Some(entry.value)
    }
}

fn look<T>(slab: &Slab<T>, take_uses: fn(&T) -> u8, id: NodeId) -> Option<Look> {
    slab.entry(id).map(|entry| Look { hash: entry.hash, uses: take_uses(&entry.value) })
}
