//! The order in which nodes come due.
//!
//! A node has at most one valid item in the heap, at its expiry *or earlier*. An entry that lives longer than the one
//! before it in the same node leaves the item where it is: it comes due early and is then scheduled anew. So an
//! overwrite, an eviction and an insert into a reused node do not touch the heap as long as lifetimes do not shrink.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{row::Row, slab::NodeId};
use crate::clock::Time;

/// How many heap items may be void before a search for them pays.
const VOID_SLACK: usize = 64;

/// A node, and the time at which it comes due. The time is kept in two halves, the upper first: as one aligned number
/// it would take four bytes more.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    time: [u32; 2],
    id: NodeId,
}

impl Item {
    #[expect(clippy::cast_possible_truncation, reason = "halves")]
    fn new(Time(time): Time, id: NodeId) -> Reverse<Item> {
        Reverse(Item { time: [(time >> 32) as u32, time as u32], id })
    }

    fn time(&self) -> Time {
        let [upper, lower] = self.time.map(u64::from);
        Time(upper << 32 | lower)
    }
}

pub(super) struct Expiry {
    heap: BinaryHeap<Reverse<Item>>,
    /// By node id: the time of the valid item, [`Time::NEVER`] without one. Outlives the entry.
    scheduled: Row<Time>,
    /// How many nodes there may be.
    most: usize,
}

impl Expiry {
    pub(super) fn new(most: usize) -> Expiry {
        Expiry { heap: BinaryHeap::new(), scheduled: Row::new(most), most }
    }

    /// The node comes due at `expires` or before.
    pub(super) fn schedule(&mut self, id: NodeId, expires: Time) {
        if expires == Time::NEVER {
            return;
        }
        let index = id as usize;
        self.scheduled.extend_to(index + 1, Time::NEVER);
        if expires < self.scheduled[index] {
            self.scheduled[index] = expires;
            let length = self.heap.len();
            if length == self.heap.capacity() && length < self.most {
                self.heap.reserve_exact(length.max(VOID_SLACK).min(self.most - length));
            }
            self.heap.push(Item::new(expires, id));
            self.drop_void_items();
        }
    }

    /// Returns the next node that has come due, which is then no longer scheduled. Its entry may be gone, be
    /// another, or live longer: the caller looks, and schedules it again.
    pub(super) fn pop_due(&mut self, now: Time) -> Option<NodeId> {
        while let Some(Reverse(item)) = self.heap.peek() {
            let (time, id) = (item.time(), item.id);
            if time > now {
                break;
            }
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
        let scheduled = (0..).zip(self.scheduled.iter()).filter(|&(_, &time)| time != Time::NEVER);
        self.heap = scheduled.map(|(id, &time)| Item::new(time, id)).collect();
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
    fn times_are_compared_as_a_whole() {
        let mut expiry = Expiry::new(4);
        let halves = 1 << 32;
        for (id, time) in [(0, 2 * halves + 1), (1, halves + 2), (2, halves + 1), (3, 7)] {
            expiry.schedule(id, Time(time));
        }
        let due: Vec<_> = std::iter::from_fn(|| expiry.pop_due(Time(2 * halves))).collect();
        assert_eq!(due, [3, 2, 1]);
        assert_eq!(size_of::<Reverse<Item>>(), 12);
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
