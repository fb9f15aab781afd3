//! Removes all keys that match, in slices, between which other tasks get their turn.

use foldhash::fast::RandomState;
use hashbrown::HashSet;

use super::{
    flags::EntryFlags,
    memory::{Memory, MemoryEntry},
};
use crate::{
    bounded::{Entry, NodeId},
    clock::Time,
    entry::key::Key,
    value::Value,
};

/// A removal that is partly done.
pub(super) struct RunningRemoval {
    number: u64,
    /// The nodes that were written since it began: their entries are not removed.
    written: HashSet<NodeId, RandomState>,
}

/// The removals that are under way in a layer.
#[derive(Default)]
pub(super) struct Removals {
    running: Vec<RunningRemoval>,
    begun: u64,
}

impl Removals {
    /// A value was written to a node.
    pub(super) fn wrote(&mut self, node: NodeId) {
        for removal in &mut self.running {
            removal.written.insert(node);
        }
    }

    fn begin(&mut self) -> u64 {
        self.begun += 1;
        self.running.push(RunningRemoval { number: self.begun, written: HashSet::default() });
        self.begun
    }

    fn end(&mut self, number: u64) {
        self.running.retain(|removal| removal.number != number);
    }

    fn written_since(&self, number: Option<u64>) -> Option<&HashSet<NodeId, RandomState>> {
        self.running.iter().find(|removal| Some(removal.number) == number).map(|removal| &removal.written)
    }
}

/// The removal of all keys that match and were written before it began.
pub struct Removal<'a, V: Value> {
    memory: &'a Memory<V>,
    cursor: NodeId,
    /// Its number, once other tasks have had a turn.
    number: Option<u64>,
}

impl<'a, V: Value> Removal<'a, V> {
    pub(super) fn new(memory: &'a Memory<V>) -> Removal<'a, V> {
        Removal { memory, cursor: 0, number: None }
    }

    /// Removes the next slice. Returns true for the last one. `matches` gets a key, its value, and the time at
    /// which the value expires.
    pub fn slice(&mut self, mut matches: impl FnMut(&Key, &V, Time) -> bool) -> bool {
        self.slice_of(|key, held| matches(key, &held.value.value, held.expires))
    }

    /// The same of those values alone that were taken over from the second layer.
    pub fn slice_taken_over(&mut self, mut matches: impl FnMut(&Key) -> bool) -> bool {
        self.slice_of(|key, held| EntryFlags(held.flags).is_taken_over() && matches(key))
    }

    fn slice_of(&mut self, mut matches: impl FnMut(&Key, &Entry<MemoryEntry<V>>) -> bool) -> bool {
        self.memory.with_entries(|entries, removals| {
            let written = removals.written_since(self.number);
            let is_old = |id| written.is_none_or(|written| !written.contains(&id));
            let over =
                entries.remove_some(&mut self.cursor, |id, key, held| is_old(id) && matches(key, held));
            if !over && self.number.is_none() {
                self.number = Some(removals.begin());
            }
            over
        })
    }
}

impl<V: Value> Drop for Removal<'_, V> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.memory.with_entries(|_, removals| removals.end(number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bounded::PolicyKind,
        clock::Ttl,
        l1::{Life, MemoryOptions, Origin},
        testing::Weighed,
    };

    /// More than one slice removes.
    const ENTRIES: usize = 10_000;

    fn layer() -> Memory<Weighed<usize>> {
        let options = MemoryOptions { entries: 2 * ENTRIES, bytes: None, policy: PolicyKind::Lru };
        let memory = Memory::new(options, Vec::new());
        (0..ENTRIES).for_each(|n| put(&memory, n));
        memory
    }

    fn put(memory: &Memory<Weighed<usize>>, n: usize) {
        let life = Life {
            asks: Time::NEVER,
            stamp: Time(1),
            expires: Time::NEVER,
            lease: Ttl::FOREVER,
            origin: Origin::Made,
            tags: None,
        };
        memory.put(&Key::from(n.to_string().as_str()), Weighed::new(n), life, Time(1));
    }

    #[test]
    fn a_removal_takes_several_slices_and_then_all_is_gone() {
        let memory = layer();
        let mut removal = memory.removal();
        let mut slices = 1;
        while !removal.slice(|_, _, _| true) {
            slices += 1;
        }
        assert!(slices > 2, "{slices} slices");
        assert_eq!(memory.len(Time(1)), 0);
    }

    #[test]
    fn what_is_written_after_the_first_slice_stays() {
        let memory = layer();
        let mut removal = memory.removal();
        assert!(!removal.slice(|_, _, _| true));
        // One in the place of a removed entry, one over an entry that the removal has not come to, and a new one.
        [0, ENTRIES - 1, ENTRIES].into_iter().for_each(|n| put(&memory, n));
        while !removal.slice(|_, _, _| true) {}
        assert_eq!(memory.len(Time(1)), 3);
        drop(removal);
        assert!(memory.removal().slice(|_, _, _| true));
        assert_eq!(memory.len(Time(1)), 0);
    }

    #[test]
    fn a_removal_that_is_given_up_remembers_nothing() {
        let memory = layer();
        let mut removal = memory.removal();
        assert!(!removal.slice(|_, _, _| true));
        drop(removal);
        memory.with_entries(|_, removals| assert!(removals.running.is_empty()));
    }
}
