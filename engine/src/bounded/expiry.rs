//! The order in which nodes come due.
//!
//! A node has at most one item in the heap that counts, at its expiry *or earlier*. An entry that lives
//! longer than the one before it in the same node leaves the item where it is: it comes due early and
//! is then scheduled anew. So an overwrite, an eviction and an insert into a node used before touch
//! no heap at all as long as lifetimes do not shrink.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::slab::{NodeId, make_room};
use crate::clock::Time;

/// Heap items that may be void before it is worth looking for them.
const VOID_SLACK: usize = 64;

pub(super) struct Expiry {
    heap: BinaryHeap<Reverse<(Time, NodeId)>>,
    /// By node id: the time of the item that counts, [`Time::NEVER`] without one. Outlives the entry.
    scheduled: Vec<Time>,
    /// How many nodes there may be.
    most: usize,
}

impl Expiry {
    pub(super) fn new(most: usize) -> Expiry {
        Expiry { heap: BinaryHeap::new(), scheduled: Vec::new(), most }
    }

    /// The node comes due at `expires` or before.
    pub(super) fn schedule(&mut self, id: NodeId, expires: Time) {
        if expires == Time::NEVER {
            return;
        }
        let index = id as usize;
        if self.scheduled.len() <= index {
            make_room(&mut self.scheduled, self.most);
            self.scheduled.resize(index + 1, Time::NEVER);
        }
        if expires < self.scheduled[index] {
            self.scheduled[index] = expires;
            let length = self.heap.len();
            if length == self.heap.capacity() && length < self.most {
                self.heap.reserve_exact(length.max(VOID_SLACK).min(self.most - length));
            }
            self.heap.push(Reverse((expires, id)));
            self.drop_void_items();
        }
    }

    /// The next node that comes due, and is then not scheduled any more. Its entry may be gone, be
    /// another, or live longer: the caller looks, and schedules it again.
    pub(super) fn pop_due(&mut self, now: Time) -> Option<NodeId> {
        while let Some(&Reverse((time, id))) = self.heap.peek().filter(|item| item.0.0 <= now) {
            self.heap.pop();
            let scheduled = &mut self.scheduled[id as usize];
            if *scheduled == time {
                *scheduled = Time::NEVER;
                return Some(id);
            }
        }
        None
    }

    fn drop_void_items(&mut self) {
        if self.heap.len() <= 2 * self.scheduled.len() + VOID_SLACK {
            return;
        }
        let scheduled = (0..).zip(&self.scheduled).filter(|&(_, &time)| time != Time::NEVER);
        self.heap = scheduled.map(|(id, &time)| Reverse((time, id))).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_come_due_in_the_order_of_their_time() {
        let mut expiry = Expiry::new(4);
        for (id, time) in [(0, 30), (1, 10), (2, 20), (3, u64::MAX)] {
            expiry.schedule(id, Time(time));
        }
        assert_eq!(expiry.pop_due(Time(9)), None);
        assert_eq!(expiry.pop_due(Time(20)), Some(1));
        assert_eq!(expiry.pop_due(Time(20)), Some(2));
        assert_eq!(expiry.pop_due(Time(20)), None);
        assert_eq!(expiry.pop_due(Time(u64::MAX)), Some(0));
        assert_eq!(expiry.pop_due(Time(u64::MAX)), None);
    }

    #[test]
    fn a_shorter_life_comes_due_sooner_and_once() {
        let mut expiry = Expiry::new(4);
        expiry.schedule(0, Time(30));
        expiry.schedule(0, Time(10));
        assert_eq!(expiry.pop_due(Time(40)), Some(0));
        assert_eq!(expiry.pop_due(Time(40)), None);
    }

    #[test]
    fn a_longer_life_adds_nothing_to_the_heap() {
        let mut expiry = Expiry::new(4);
        (1..1000).for_each(|time| expiry.schedule(0, Time(time)));
        assert_eq!(expiry.heap.len(), 1);
    }

    #[test]
    fn shrinking_lives_do_not_pile_up() {
        let mut expiry = Expiry::new(4);
        (0..100_000).rev().for_each(|time| expiry.schedule(3, Time(time)));
        assert!(expiry.heap.len() <= 2 * 4 + VOID_SLACK);
        assert_eq!(expiry.pop_due(Time(0)), Some(3));
    }
}
