//! Walks over the entries of a map.

use super::{Bounded, Entry, NodeId};
use crate::{clock::Time, entry::key::Key};

/// The most entries that one [`Bounded::remove_some`] removes: a millisecond or two of work.
const REMOVED_PER_SLICE: usize = 2048;
/// The most nodes that it looks at.
const LOOKED_AT_PER_SLICE: usize = 262_144;
/// Nodes looked at by one [`Bounded::scan`] for each entry it may return.
const SCANNED_PER_ENTRY: usize = 16;

impl<T> Bounded<T> {
    /// Removes the entries whose key `matches`; returns their number. Looks at all entries.
    pub fn remove_where(&mut self, mut matches: impl FnMut(&Key) -> bool) -> usize {
        let before = self.slab.len();
        for id in self.slab.ids() {
            if self.slab.key(id).is_some_and(&mut matches) {
                self.evict(id);
            }
        }
        before - self.slab.len()
    }

    /// Removes the next entries that `matches` accepts, in the order of their nodes from `cursor` on (0 at
    /// first), and moves the cursor. The work of one call is bounded. Returns true at the end.
    pub fn remove_some(
        &mut self,
        cursor: &mut NodeId,
        mut matches: impl FnMut(NodeId, &Key, &Entry<T>) -> bool,
    ) -> bool {
        let before = self.slab.len();
        for id in self.slab.ids().skip(*cursor as usize).take(LOOKED_AT_PER_SLICE) {
            if before - self.slab.len() == REMOVED_PER_SLICE {
                return false;
            }
            *cursor = id + 1;
            if self.slab.get(id).is_some_and(|(key, entry)| matches(id, key, entry)) {
                self.evict(id);
            }
        }
        *cursor >= self.slab.ids().end
    }

    /// Removes the entries whose value `matches` accepts. Looks at all entries.
    pub fn remove_values_where(&mut self, mut matches: impl FnMut(&T) -> bool) {
        for id in self.slab.ids() {
            if self.node_value(id).is_some_and(&mut matches) {
                self.evict(id);
            }
        }
    }

    /// Visits live entries, the most recently used first (in the order of their nodes under a policy that keeps no such
    /// order), until `visit` said `true` for `limit` of them or enough nodes were looked at for one call.
    /// `cursor` counts the nodes to leave out, 0 at first; returns the next cursor, `None` at the end. An
    /// entry that is neither used nor overtaken meanwhile is visited once.
    pub fn scan(
        &self,
        cursor: u32,
        limit: usize,
        now: Time,
        mut visit: impl FnMut(&Key, &Entry<T>) -> bool,
    ) -> Option<u32> {
        let limit = limit.max(1);
        let mut given = 0;
        let ids = if self.policy.keeps_order() { 0..0 } else { self.slab.ids() };
        let order = self.policy.newest_first().chain(ids).skip(cursor as usize);
        for ((looked, id), next) in order.enumerate().zip(cursor..) {
            if given == limit || looked == limit.saturating_mul(SCANNED_PER_ENTRY) {
                return Some(next);
            }
            if let Some((key, entry)) = self.slab.get(id).filter(|(_, entry)| now < entry.expires) {
                given += usize::from(visit(key, entry));
            }
        }
        None
    }
}
