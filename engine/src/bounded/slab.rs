//! The entries, found by key through a hash table of node ids.

use std::{hash::BuildHasher, ops::Range};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::{clock::Time, entry::key::Key};

/// Where an entry lies in its map. Used again once the entry is gone.
pub type NodeId = u32;

/// The most nodes: the ids above are the markers of [`super::lru`].
pub(super) const MOST_NODES: usize = (u32::MAX - 1) as usize;

/// What a map holds for a key.
#[derive(Debug)]
pub struct Entry<T> {
    /// The value.
    pub value: T,
    /// The first moment at which the entry is not live any more.
    pub expires: Time,
    /// What it counts against [`Limits::bytes`](super::Limits::bytes).
    pub weight: u64,
}

struct Node<T> {
    key: Key,
    /// Kept, so that growing the table and removing a node do not hash keys again.
    hash: u64,
    entry: Entry<T>,
}

pub(super) struct Slab<T> {
    nodes: Vec<Option<Node<T>>>,
    free: Vec<NodeId>,
    ids_by_key: HashTable<NodeId>,
    hasher: RandomState,
}

impl<T> Slab<T> {
    pub(super) fn new() -> Slab<T> {
        Slab {
            nodes: Vec::new(),
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

    pub(super) fn hash(&self, key: &[u8]) -> u64 {
        self.hasher.hash_one(key)
    }

    pub(super) fn find(&self, hash: u64, key: &[u8]) -> Option<NodeId> {
        self.ids_by_key
            .find(hash, |&id| {
                self.node(id).is_some_and(|node| node.hash == hash && node.key.as_bytes() == key)
            })
            .copied()
    }

    pub(super) fn get(&self, id: NodeId) -> Option<(&Key, &Entry<T>)> {
        self.node(id).map(|node| (&node.key, &node.entry))
    }

    pub(super) fn key(&self, id: NodeId) -> Option<&Key> {
        self.node(id).map(|node| &node.key)
    }

    pub(super) fn hash_of(&self, id: NodeId) -> Option<u64> {
        self.node(id).map(|node| node.hash)
    }

    pub(super) fn entry(&self, id: NodeId) -> Option<&Entry<T>> {
        self.node(id).map(|node| &node.entry)
    }

    pub(super) fn entry_mut(&mut self, id: NodeId) -> Option<&mut Entry<T>> {
        self.nodes.get_mut(id as usize)?.as_mut().map(|node| &mut node.entry)
    }

    /// Adds a key that [`Slab::find`] does not find.
    pub(super) fn add(&mut self, key: Key, hash: u64, entry: Entry<T>) -> NodeId {
        let node = Some(Node { key, hash, entry });
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
        let hash_of = |&id: &NodeId| nodes[id as usize].as_ref().map_or(0, |node| node.hash);
        self.ids_by_key.insert_unique(hash, id, hash_of);
        id
    }

    /// Frees a node; gives its hash and entry.
    pub(super) fn remove(&mut self, id: NodeId) -> Option<(u64, Entry<T>)> {
        let node = self.nodes.get_mut(id as usize)?.take()?;
        if let Ok(found) = self.ids_by_key.find_entry(node.hash, |&other| other == id) {
            found.remove();
        }
        self.free.push(id);
        Some((node.hash, node.entry))
    }

    pub(super) fn clear_into(&mut self, removed: &mut Vec<T>) {
        removed.extend(self.nodes.drain(..).flatten().map(|node| node.entry.value));
        *self = Slab { hasher: self.hasher.clone(), ..Slab::new() };
    }

    fn node(&self, id: NodeId) -> Option<&Node<T>> {
        self.nodes.get(id as usize)?.as_ref()
    }
}
