//! Entries too new to be judged by how often they were used: the least recently used one leaves first.

use super::{Limits, lru::Lru, row::Row, slab::NodeId};

/// An entry in the window.
#[derive(Clone, Copy)]
pub(super) struct Newcomer {
    pub(super) hash: u32,
    pub(super) weight: u64,
}

pub(super) struct Window {
    order: Lru,
    /// By node.
    newcomers: Row<Option<Newcomer>>,
    entries: usize,
    weight: u64,
    limits: Limits,
}

impl Window {
    /// Holds up to `limits`; nothing if that is no entry. `most` is the number of nodes.
    pub(super) fn new(limits: Limits, most: usize) -> Window {
        Window { order: Lru::new(most), newcomers: Row::new(most), entries: 0, weight: 0, limits }
    }

    pub(super) fn add(&mut self, id: NodeId, newcomer: Newcomer) {
        self.newcomers.extend_to(id as usize + 1, None);
        self.newcomers[id as usize] = Some(newcomer);
        self.order.added(id);
        self.entries += 1;
        self.weight = self.weight.saturating_add(newcomer.weight);
    }

    pub(super) fn touched(&mut self, id: NodeId) {
        self.order.touched(id);
    }

    pub(super) fn remove(&mut self, id: NodeId) -> Option<Newcomer> {
        let newcomer = self.newcomers.get_mut(id as usize)?.take()?;
        self.order.removed(id);
        self.entries -= 1;
        self.weight = self.weight.saturating_sub(newcomer.weight);
        Some(newcomer)
    }

    /// The next entry that does not fit. It leaves.
    pub(super) fn overflow(&mut self) -> Option<(NodeId, Newcomer)> {
        let is_over = |most| self.weight > most;
        if self.entries <= self.limits.entries && !self.limits.bytes.is_some_and(is_over) {
            return None;
        }
        let oldest = self.order.oldest()?;
        self.remove(oldest).map(|newcomer| (oldest, newcomer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(entries: usize, bytes: Option<u64>) -> Window {
        Window::new(Limits { entries, bytes }, 100)
    }

    fn add(window: &mut Window, id: NodeId, weight: u64) {
        window.add(id, Newcomer { hash: id, weight });
    }

    fn leaving(window: &mut Window) -> Vec<NodeId> {
        std::iter::from_fn(|| window.overflow()).map(|(id, _)| id).collect()
    }

    #[test]
    fn the_least_recently_used_leaves() {
        let mut window = window(2, None);
        [1, 2].into_iter().for_each(|id| add(&mut window, id, 1));
        assert!(leaving(&mut window).is_empty());
        window.touched(1);
        add(&mut window, 3, 1);
        assert_eq!(leaving(&mut window), [2]);
        assert!(window.remove(2).is_none() && window.remove(1).is_some());
    }

    #[test]
    fn its_bytes_are_bounded_and_one_without_room_passes_on_everything() {
        let mut bounded = window(9, Some(10));
        [(1, 6), (2, 4), (3, 5)].into_iter().for_each(|(id, weight)| add(&mut bounded, id, weight));
        assert_eq!(leaving(&mut bounded), [1]);
        let mut none = window(0, None);
        add(&mut none, 7, 1);
        assert_eq!(leaving(&mut none), [7]);
    }
}
