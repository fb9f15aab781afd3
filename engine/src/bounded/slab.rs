//! The entries, found by key through a hash table of node ids.

use std::{hash::BuildHasher, ops::Range};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::segments::Segments;
use crate::{clock::Time, entry::key::Key};

/// Where an entry lies in its map. Used again once the entry is gone.
pub type NodeId = u32;

/// The most nodes: the ids above are the markers of [`super::lru`].
pub(super) const MOST_NODES: usize = (u32::MAX - 1) as usize;

/// The node of a key.
#[derive(Debug)]
pub struct Entry<T> {
    /// The value.
    pub value: T,
    /// The first moment at which the entry is no longer live.
    pub expires: Time,
    /// Bits for the owner of the map, 0 at first: see [`set_flags`](super::Bounded::set_flags).
    pub flags: u32,
    /// Half the hash of the key, kept so that growing the table and removing a node do not hash keys again. Here
    /// because it fits beside the flags: there is an entry for each of perhaps a million keys.
    pub(super) hash: u32,
}

struct Node<T> {
    key: Key,
    entry: Entry<T>,
}

/// A full hash from half a hash. Both of its halves are random: the table compares by upper bits and finds by lower
/// ones.
pub(super) fn spread(half: u32) -> u64 {
    // The odd number nearest to 2^64 over the golden ratio (Knuth, The Art of Computer Programming 3, 6.4).
    u64::from(half).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

pub(super) struct Slab<T> {
    nodes: Segments<Option<Node<T>>>,
    free: Vec<NodeId>,
    ids_by_key: HashTable<NodeId>,
    hasher: RandomState,
    most: usize,
}

impl<T> Slab<T> {
    /// Holds `most` entries.
    pub(super) fn new(most: usize) -> Slab<T> {
        Slab {
            most,
            nodes: Segments::new(most),
            free: Vec::new(),
            ids_by_key: HashTable::new(),
            hasher: RandomState::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ids_by_key.len()
    }

    /// All ids ever used, those of free nodes included.
    #[expect(clippy::cast_possible_truncation, reason = "never more than MOST_NODES")]
    pub(super) fn ids(&self) -> Range<NodeId> {
        0..self.nodes.len() as NodeId
    }

    /// The part of a key's hash that an [`Entry`] keeps.
    #[expect(clippy::cast_possible_truncation, reason = "half of it")]
    pub(super) fn hash(&self, key: &[u8]) -> u32 {
        self.hasher.hash_one(key) as u32
    }

    pub(super) fn find(&self, hash: u32, key: &[u8]) -> Option<NodeId> {
        self.ids_by_key
            .find(spread(hash), |&id| {
                self.node(id).is_some_and(|node| node.entry.hash == hash && node.key.as_bytes() == key)
            })
            .copied()
    }

    pub(super) fn get(&self, id: NodeId) -> Option<(&Key, &Entry<T>)> {
        self.node(id).map(|node| (&node.key, &node.entry))
    }

    pub(super) fn key(&self, id: NodeId) -> Option<&Key> {
        self.node(id).map(|node| &node.key)
    }

    pub(super) fn hash_of(&self, id: NodeId) -> Option<u32> {
        self.node(id).map(|node| node.entry.hash)
    }

    pub(super) fn entry(&self, id: NodeId) -> Option<&Entry<T>> {
        self.node(id).map(|node| &node.entry)
    }

    pub(super) fn entry_mut(&mut self, id: NodeId) -> Option<&mut Entry<T>> {
        self.nodes.get_mut(id as usize)?.as_mut().map(|node| &mut node.entry)
    }

    /// Adds a key that [`Slab::find`] does not find.
    pub(super) fn add(&mut self, key: Key, entry: Entry<T>) -> NodeId {
        let hash = spread(entry.hash);
        let node = Some(Node { key, entry });
        let id = match self.free.pop() {
            Some(id) => {
                self.nodes[id as usize] = node;
                id
            }
            None => {
                let id = self.ids().end;
                self.nodes.push(node);
                id
            }
        };
        let nodes = &self.nodes;
        let hash_of = |&id: &NodeId| nodes[id as usize].as_ref().map_or(0, |node| spread(node.entry.hash));
        self.ids_by_key.insert_unique(hash, id, hash_of);
        id
    }

    /// Frees a node; returns its entry.
    pub(super) fn remove(&mut self, id: NodeId) -> Option<Entry<T>> {
        let node = self.nodes.get_mut(id as usize)?.take()?;
        if let Ok(found) = self.ids_by_key.find_entry(spread(node.entry.hash), |&other| other == id) {
            found.remove();
        }
        self.free.push(id);
        Some(node.entry)
    }

    pub(super) fn clear_into(&mut self, removed: &mut Vec<T>) {
        removed.extend(self.nodes.drain().flatten().map(|node| node.entry.value));
        *self = Slab { hasher: self.hasher.clone(), ..Slab::new(self.most) };
    }

    fn node(&self, id: NodeId) -> Option<&Node<T>> {
        self.nodes.get(id as usize)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_of_the_memory_layer_fits_a_cache_line() {
        assert_eq!(size_of::<Option<Node<[u64; 3]>>>(), 64);
    }
}
