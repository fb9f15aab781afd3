//! Exact order of use: a doubly linked list threaded through the node ids.

use std::{hint::black_box, iter::successors, mem};

use super::{row::Row, slab::NodeId};

/// Beyond either end of the list.
const NONE: NodeId = NodeId::MAX;
/// In `newer` of a node that is not in the list.
const UNLINKED: NodeId = NodeId::MAX - 1;
/// The number of nodes that are touched together: their links and those next to them fit the nearest cache.
const LOADED_TOGETHER: usize = 64;
/// The links of a list of at most as many nodes stay in a near cache anyway (8 bytes each).
const NEAR: usize = 8192;

#[derive(Clone, Copy)]
struct Link {
    newer: NodeId,
    older: NodeId,
}

pub(super) struct Lru {
    links: Row<Link>,
    newest: NodeId,
    oldest: NodeId,
}

impl Lru {
    /// For at most `most` nodes.
    pub(super) fn new(most: usize) -> Lru {
        Lru { links: Row::new(most), newest: NONE, oldest: NONE }
    }

    /// Adds a node that is not in the list, as the most recent.
    pub(super) fn added(&mut self, id: NodeId) {
        self.links.extend_to(id as usize + 1, Link { newer: UNLINKED, older: NONE });
        self.link_newest(id);
    }

    /// Makes a node the most recent; ignored for one that is not in the list.
    #[inline]
    pub(super) fn touched(&mut self, id: NodeId) {
        let newest = self.newest;
        if id == newest {
            return;
        }
        let Some(link) = self.links.get_mut(id as usize) else { return };
        if link.newer == UNLINKED {
            return;
        }
        let Link { newer, older } = mem::replace(link, Link { newer: NONE, older: newest });
        self.join(newer, older);
        if let Some(link) = self.links.get_mut(newest as usize) {
            link.newer = id;
        }
        self.newest = id;
    }

    /// The same for several nodes, one after the other. The links of random nodes of a long list are in no near
    /// processor cache. So this reads all links first that it will change: the memory loads overlap, instead of
    /// each waiting for the change before it.
    pub(super) fn touched_all(&mut self, ids: &[NodeId]) {
        let is_far = self.links.len() > NEAR;
        for ids in ids.chunks(LOADED_TOGETHER) {
            if is_far {
                self.load(ids);
            }
            ids.iter().for_each(|&id| self.touched(id));
        }
    }

    /// Reads the links of nodes, and those next to them.
    fn load(&self, ids: &[NodeId]) {
        let link = |id: NodeId| self.links.get(id as usize);
        let seen = ids.iter().filter_map(|&id| link(id)).fold(0, |seen, &Link { newer, older }| {
            seen ^ link(newer).map_or(0, |link| link.older) ^ link(older).map_or(0, |link| link.newer)
        });
        black_box(seen);
    }

    pub(super) fn removed(&mut self, id: NodeId) {
        if self.unlink(id) {
            self.links[id as usize].newer = UNLINKED;
        }
    }

    pub(super) fn oldest(&self) -> Option<NodeId> {
        (self.oldest != NONE).then_some(self.oldest)
    }

    pub(super) fn oldest_first(&self) -> impl Iterator<Item = NodeId> {
        successors(self.oldest(), |&id| {
            self.links.get(id as usize).map(|link| link.newer).filter(|&newer| newer != NONE)
        })
    }

    pub(super) fn newest_first(&self) -> impl Iterator<Item = NodeId> {
        let link = |&id: &NodeId| self.links.get(id as usize).map(|link| link.older);
        let newest = (self.newest != NONE).then_some(self.newest);
        successors(newest, move |id| link(id).filter(|&older| older != NONE))
    }

    #[inline]
    fn link_newest(&mut self, id: NodeId) {
        self.links[id as usize] = Link { newer: NONE, older: self.newest };
        match self.links.get_mut(self.newest as usize) {
            Some(link) => link.newer = id,
            None => self.oldest = id,
        }
        self.newest = id;
    }

    #[inline]
    fn unlink(&mut self, id: NodeId) -> bool {
        let Some(&Link { newer, older }) = self.links.get(id as usize) else { return false };
        if newer == UNLINKED {
            return false;
        }
        self.join(newer, older);
        true
    }

    /// Makes two nodes neighbours; either may be the end of the list.
    #[inline]
    fn join(&mut self, newer: NodeId, older: NodeId) {
        match self.links.get_mut(newer as usize) {
            Some(link) => link.older = older,
            None => self.newest = older,
        }
        match self.links.get_mut(older as usize) {
            Some(link) => link.newer = newer,
            None => self.oldest = newer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oldest_first(mut lru: Lru) -> Vec<NodeId> {
        let listed: Vec<_> = lru.oldest_first().collect();
        let mut newest_first: Vec<_> = lru.newest_first().collect();
        newest_first.reverse();
        assert_eq!(listed, newest_first);
        let mut order = Vec::new();
        while let Some(id) = lru.oldest() {
            lru.removed(id);
            order.push(id);
        }
        assert_eq!(listed, order);
        order
    }

    #[test]
    fn a_touched_node_is_the_last_to_go() {
        let mut lru = Lru::new(5);
        (0..4).for_each(|id| lru.added(id));
        lru.touched(0);
        lru.touched(2);
        assert_eq!(oldest_first(lru), [1, 3, 0, 2]);
    }

    #[test]
    fn nodes_touched_together_end_as_those_touched_one_by_one() {
        let ids = [3, 2, 2, 0, 4, NONE, 3, 9, UNLINKED, 1, 0];
        let [mut together, mut alone] = [0, 1].map(|_| {
            let mut lru = Lru::new(5);
            (0..5).for_each(|id| lru.added(id));
            lru.removed(4);
            lru
        });
        let many: Vec<_> = ids.iter().copied().cycle().take(3 * LOADED_TOGETHER + 5).collect();
        together.touched_all(&many);
        many.iter().for_each(|&id| alone.touched(id));
        assert_eq!(oldest_first(together), oldest_first(alone));
    }

    #[test]
    fn removal_at_either_end_and_between_keeps_the_order() {
        let mut lru = Lru::new(5);
        (0..5).for_each(|id| lru.added(id));
        [0, 2, 4].into_iter().for_each(|id| lru.removed(id));
        assert_eq!(oldest_first(lru), [1, 3]);
    }

    #[test]
    fn nodes_not_in_the_list_are_ignored() {
        let mut lru = Lru::new(5);
        (0..2).for_each(|id| lru.added(id));
        lru.removed(0);
        [0, 7, NONE, UNLINKED].into_iter().for_each(|id| lru.touched(id));
        lru.removed(0);
        assert_eq!(oldest_first(lru), [1]);
    }
}
