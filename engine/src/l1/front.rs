//! Answers hits in the caller's own memory, without asking the layer; may put another value into the place of
//! one that it may answer; and may take values that are to be stored. It is told when a value may be answered
//! and until when, and reports what it did before the layer decides anything else.

use std::any::Any;

use crate::{bounded::NodeId, clock::Time, entry::key::Key};

/// Answers hits in front of the memory layer. Called with the layer locked, so it needs no lock itself.
pub trait Front<V>: Any + Send {
    /// `value`, kept at `node`, may be answered until `until`. It is not in the layer when that is [`NodeId::MAX`].
    fn publish(&mut self, value: &V, node: NodeId, until: Time);
    /// `value` is one of the next to make room: it is there, but may not be answered any more without asking.
    fn guard(&mut self, value: &V);
    /// `value` may not be answered any more.
    fn retract(&mut self, value: &V);
    /// Reports what it did since the last call, in order; each report gives the node at which a value is kept
    /// that was written.
    fn replay(&mut self, report: &mut dyn FnMut(Done<'_, V>) -> Option<NodeId>);
    /// What it has done, also what it has not reported yet.
    fn stats(&self) -> FrontStats {
        FrontStats::default()
    }
    /// So many values may be stored now without one that has to make room.
    fn room(&mut self, entries: usize);
}

/// How much a front has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FrontStats {
    /// Hits that it answered.
    pub hits: u64,
    /// Values that it took or put into the place of others.
    pub sets: u64,
}

/// What a front did.
#[derive(Debug)]
pub enum Done<'a, V> {
    /// It answered hits, in this order.
    Answered(&'a [NodeId]),
    /// It put another value into the place of the one held.
    Rewrote {
        /// Where that is kept.
        node: NodeId,
        /// When; not before it really did.
        stamp: Time,
        /// The end of the new value.
        expires: Time,
    },
    /// It took a value that is to be stored: while there is room, and beyond it as many as there are guarded
    /// values, which will make room for them.
    Stored {
        /// The key.
        key: Key,
        /// The value.
        value: V,
        /// When; not before it really did.
        stamp: Time,
        /// The end of the value.
        expires: Time,
    },
}

/// A front that answers nothing.
#[derive(Debug)]
pub struct NoFront;

impl<V> Front<V> for NoFront {
    fn publish(&mut self, _: &V, _: NodeId, _: Time) {}
    fn guard(&mut self, _: &V) {}
    fn retract(&mut self, _: &V) {}
    fn replay(&mut self, _: &mut dyn FnMut(Done<'_, V>) -> Option<NodeId>) {}
    fn room(&mut self, _: usize) {}
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;
    use crate::{
        bounded::PolicyKind,
        clock::Ttl,
        l1::{Life, Memory, MemoryOptions, Origin},
        testing::Shared,
    };

    type Number = Shared<u32>;

    /// A front that knows only what is guarded.
    struct Guards(Arc<Mutex<Vec<u32>>>);

    impl Front<Number> for Guards {
        fn publish(&mut self, value: &Number, _: NodeId, _: Time) {
            self.retract(value);
        }

        fn guard(&mut self, value: &Number) {
            self.retract(value);
            self.0.lock().push(*value.as_inner());
        }

        fn retract(&mut self, value: &Number) {
            self.0.lock().retain(|guarded| guarded != value.as_inner());
        }

        fn replay(&mut self, _: &mut dyn FnMut(Done<'_, Number>) -> Option<NodeId>) {}
        fn room(&mut self, _: usize) {}
    }

    fn layer(policy: PolicyKind) -> (Memory<Number>, Arc<Mutex<Vec<u32>>>) {
        let guards = Arc::default();
        let options = MemoryOptions { entries: 4, bytes: None, policy };
        let memory = Memory::new(options, Box::new(Guards(Arc::clone(&guards))));
        (1..=4).for_each(|number| put(&memory, number));
        (memory, guards)
    }

    fn put(memory: &Memory<Number>, number: u32) {
        let life = Life { stamp: Time(1), expires: Time::NEVER, lease: Ttl::FOREVER, origin: Origin::Made };
        memory.put(&Key::from_number(number.into()), Shared::new(number), life, Time(1));
    }

    #[test]
    fn what_makes_room_next_is_guarded_until_it_has_or_is_used() {
        let (memory, guards) = layer(PolicyKind::Lru);
        memory.replay(2);
        assert_eq!(*guards.lock(), [1, 2]);
        memory.get(&Key::from("1"), Time(1));
        assert_eq!(*guards.lock(), [2]);
        put(&memory, 5);
        assert!(guards.lock().is_empty());
        memory.replay(9);
        assert_eq!(*guards.lock(), [3, 4, 1, 5]);
    }

    #[test]
    fn nothing_is_guarded_where_the_policy_picks() {
        let (memory, guards) = layer(PolicyKind::TinyLfu);
        memory.replay(2);
        assert!(guards.lock().is_empty());
    }
}
