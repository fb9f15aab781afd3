//! Three first-in-first-out queues (S3-FIFO: Yang, Zhang, Qiu, Yue and Vinayak, SOSP 2023). New keys are on trial in
//! a small queue, and keys that are used again move to the main queue. A ghost remembers the keys that failed the
//! trial: if one of them returns, it goes to the main queue at once. A use only raises a saturating counter; no order
//! is kept.
//!
//! Victims can be chosen ahead of the inserts that they make room for. One that is used until then stays: it goes to
//! the main queue, as if it had left and returned.
//!
//! The size of the small queue is measured, see docs/decisions/policies.md.

use std::iter::successors;

use super::{Limits, ghost::Ghost, row::Row, slab::NodeId};

/// Beyond either end of a queue.
const NONE: NodeId = NodeId::MAX;
/// The count of uses stops here.
const MOST_USES: u8 = 3;
/// An entry on trial that was used more often than this moves to the main queue.
const PROVEN: u8 = 1;
/// The share of the small queue is one in this.
const SHARE: u64 = 10;
/// Below this many entries a tenth is too few to tell anything: half of the entries are on trial.
const FEW: usize = 100;
/// The same share below that number of entries.
const SHARE_OF_FEW: u64 = 2;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Nowhere,
    Small,
    Main,
    /// Chosen to make room.
    Chosen,
}

#[derive(Clone, Copy)]
struct Node {
    /// Towards the newest.
    newer: NodeId,
    /// Towards the oldest.
    older: NodeId,
    weight: u32,
    uses: u8,
    place: Place,
}

const FREE: Node = Node { newer: NONE, older: NONE, weight: 0, uses: 0, place: Place::Nowhere };

/// One of the queues: its ends, and how much it holds.
#[derive(Clone, Copy)]
struct Queue {
    newest: NodeId,
    oldest: NodeId,
    entries: u64,
    weight: u64,
}

const EMPTY: Queue = Queue { newest: NONE, oldest: NONE, entries: 0, weight: 0 };

/// The facts about an entry that the queues ask for.
#[derive(Clone, Copy)]
pub(super) struct Look {
    /// Of its key.
    pub(super) hash: u32,
    /// How often it was used since the last look, but for the uses that the queues were told of.
    pub(super) uses: u8,
}

pub(super) struct S3Fifo {
    nodes: Row<Node>,
    small: Queue,
    main: Queue,
    chosen: Queue,
    ghost: Ghost,
    /// The size from which on the small queue yields the victims, in entries and in weight.
    trial: (u64, Option<u64>),
}

impl S3Fifo {
    pub(super) fn new(limits: Limits) -> S3Fifo {
        let share = if limits.entries < FEW { SHARE_OF_FEW } else { SHARE };
        let entries = limits.entries as u64 / share;
        let trial = (entries.max(1), limits.bytes.map(|bytes| bytes / share));
        S3Fifo {
            nodes: Row::new(limits.entries),
            small: EMPTY,
            main: EMPTY,
            chosen: EMPTY,
            ghost: Ghost::default(),
            trial,
        }
    }

    pub(super) fn added(&mut self, id: NodeId, hash: u32, weight: u64) {
        self.nodes.extend_to(id as usize + 1, FREE);
        let place = if self.ghost.forget(hash) { Place::Main } else { Place::Small };
        self.nodes[id as usize] = Node { weight: narrow(weight), ..FREE };
        self.push(id, place);
    }

    /// `uses` are those that were counted elsewhere until now.
    pub(super) fn overwritten(&mut self, id: NodeId, weight: u64, uses: u8) {
        self.touched(id);
        let Some(node) = self.nodes.get_mut(id as usize) else { return };
        let (before, place) = (u64::from(node.weight), node.place);
        node.weight = narrow(weight);
        node.uses = MOST_USES.min(node.uses + uses);
        let queue = self.queue(place);
        queue.weight = queue.weight - before + u64::from(narrow(weight));
    }

    /// An entry is to stay for now, as its new value needs room: it is on trial no more.
    pub(super) fn spare(&mut self, id: NodeId) {
        if let Some(&Node { place: Place::Small | Place::Chosen, uses, .. }) = self.nodes.get(id as usize) {
            self.move_to_main(id, uses);
        }
    }

    #[inline]
    pub(super) fn touched(&mut self, id: NodeId) {
        let Some(node) = self.nodes.get_mut(id as usize) else { return };
        if node.place == Place::Chosen {
            self.move_to_main(id, 0);
        } else {
            node.uses = MOST_USES.min(node.uses + 1);
        }
    }

    pub(super) fn removed(&mut self, id: NodeId) {
        if self.nodes.get(id as usize).is_some_and(|node| node.place != Place::Nowhere) {
            self.take(id);
        }
    }

    /// The entry to evict next; it is still held. `look` takes the uses of an entry that were counted elsewhere, and
    /// returns them with the hash of its key.
    pub(super) fn victim(&mut self, look: impl Fn(NodeId) -> Option<Look>) -> Option<NodeId> {
        if self.chosen.entries > 0 {
            return Some(self.chosen.oldest);
        }
        self.choose(look)
    }

    /// Chooses the entries that are evicted next, until there are `most`.
    pub(super) fn choose_victims(&mut self, most: usize, look: impl Fn(NodeId) -> Option<Look>) {
        while self.chosen.entries < most as u64 {
            let Some(id) = self.choose(&look) else { return };
            self.take(id);
            self.push(id, Place::Chosen);
        }
    }

    /// The victims that were chosen, the next one first.
    pub(super) fn victims(&self) -> impl Iterator<Item = NodeId> {
        let first = (self.chosen.oldest != NONE).then_some(self.chosen.oldest);
        successors(first, |&id| self.nodes.get(id as usize).map(|node| node.newer).filter(|&id| id != NONE))
    }

    fn choose(&mut self, look: impl Fn(NodeId) -> Option<Look>) -> Option<NodeId> {
        loop {
            let is_on_trial = self.main.entries == 0 || self.is_small_full();
            let id = if is_on_trial { self.small.oldest } else { self.main.oldest };
            let counted = self.nodes.get(id as usize)?.uses;
            let Look { hash, uses } = look(id)?;
            let uses = MOST_USES.min(counted + uses);
            if is_on_trial && uses <= PROVEN {
                // As many as the main queue has room for, whichever bound that has.
                let held = self.small.entries + self.main.entries + self.chosen.entries;
                self.ghost.remember(hash, held - held / SHARE);
                return Some(id);
            }
            match (is_on_trial, uses) {
                (true, _) => self.move_to_main(id, 0),
                (false, 0) => return Some(id),
                (false, uses) => self.move_to_main(id, uses - 1),
            }
        }
    }

    /// Newcomers will take the places of those that leave.
    fn is_small_full(&self) -> bool {
        let (entries, weight) = self.trial;
        let Queue { entries: chosen, weight: chosen_weight, .. } = self.chosen;
        self.small.entries > 0
            && (self.small.entries + chosen >= entries
                || weight.is_some_and(|weight| self.small.weight + chosen_weight >= weight))
    }

    /// To the newest end of the main queue, from wherever it is.
    fn move_to_main(&mut self, id: NodeId, uses: u8) {
        self.take(id);
        self.nodes[id as usize].uses = uses;
        self.push(id, Place::Main);
    }

    fn push(&mut self, id: NodeId, place: Place) {
        let queue = *self.queue(place);
        let node = &mut self.nodes[id as usize];
        (node.place, node.newer, node.older) = (place, NONE, queue.newest);
        let weight = u64::from(node.weight);
        match self.nodes.get_mut(queue.newest as usize) {
            Some(node) => node.newer = id,
            None => self.queue(place).oldest = id,
        }
        let queue = self.queue(place);
        queue.newest = id;
        queue.entries += 1;
        queue.weight += weight;
    }

    /// Takes a node out of its queue.
    fn take(&mut self, id: NodeId) {
        let Node { newer, older, weight, place, .. } = self.nodes[id as usize];
        match self.nodes.get_mut(newer as usize) {
            Some(node) => node.older = older,
            None => self.queue(place).newest = older,
        }
        match self.nodes.get_mut(older as usize) {
            Some(node) => node.newer = newer,
            None => self.queue(place).oldest = newer,
        }
        let queue = self.queue(place);
        queue.entries -= 1;
        queue.weight -= u64::from(weight);
        self.nodes[id as usize].place = Place::Nowhere;
    }

    fn queue(&mut self, place: Place) -> &mut Queue {
        match place {
            Place::Main => &mut self.main,
            Place::Chosen => &mut self.chosen,
            Place::Small | Place::Nowhere => &mut self.small,
        }
    }
}

fn narrow(weight: u64) -> u32 {
    u32::try_from(weight).unwrap_or(u32::MAX)
}
