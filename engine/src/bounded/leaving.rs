//! What left a map on its own or was replaced: counted always, and by key while somebody asks for that.

use super::{Bounded, Evicted, NodeId};
use crate::{clock::Time, entry::key::Key};

crate::words! {
    /// Why an entry is no longer in a map, though nobody removed it.
    pub enum Left {
        /// It made room, or was not admitted.
        Capacity = "capacity",
        /// Its time was over.
        Expired = "expired",
        /// A newer value took its place.
        Replaced = "replaced",
    }
}

/// The entries that left.
#[derive(Default)]
pub(super) struct Leaving {
    pub(super) counts: Evicted,
    /// Those that nobody has taken yet; `None` while nobody asks.
    log: Option<Vec<(Key, Left)>>,
}

impl Leaving {
    pub(super) fn is_logged(&self) -> bool {
        self.log.is_some()
    }

    pub(super) fn log(&mut self, key: Option<Key>, left: Left) {
        if let (Some(log), Some(key)) = (&mut self.log, key) {
            log.push((key, left));
        }
    }
}

impl<T> Bounded<T> {
    /// Begins or ends to log the keys of entries that leave.
    pub fn log_leaving(&mut self, is_on: bool) {
        if is_on != self.leaving.is_logged() {
            self.leaving.log = is_on.then(Vec::new);
        }
    }

    /// The entries that left since the last call, in that order.
    pub fn take_leaving(&mut self) -> Vec<(Key, Left)> {
        self.leaving.log.as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub(super) fn evict_for_room(&mut self, id: NodeId) {
        self.log(id, Left::Capacity);
        self.evict(id);
        self.leaving.counts.capacity += 1;
    }

    pub(super) fn evict_if_expired(&mut self, id: NodeId, now: Time) -> bool {
        let expired = self.slab.entry(id).is_some_and(|entry| entry.expires <= now);
        if expired {
            self.log(id, Left::Expired);
            self.evict(id);
            self.leaving.counts.expired += 1;
        }
        expired
    }

    /// The entry at a node is about to be overwritten.
    pub(super) fn log_replaced(&mut self, id: NodeId, now: Time) {
        if self.leaving.is_logged() {
            let is_over = self.slab.entry(id).is_some_and(|entry| entry.expires <= now);
            self.log(id, if is_over { Left::Expired } else { Left::Replaced });
        }
    }

    fn log(&mut self, id: NodeId, left: Left) {
        if self.leaving.is_logged() {
            let key = self.slab.key(id).cloned();
            self.leaving.log(key, left);
        }
    }
}
