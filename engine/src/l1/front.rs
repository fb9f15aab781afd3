//! Answers hits in the caller's own memory, without asking the layer; may put another value into the place of one that it
//! may answer; and may take values that are to be stored. It is told when a value may be answered and until when, and
//! reports what it did before the layer decides anything else.

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
    /// Reports what it did since the last call, in order; each report gives the node the value is kept at.
    fn replay(&mut self, report: &mut dyn FnMut(Done<V>) -> Option<NodeId>);
    /// So many values may be stored now without one that has to make room.
    fn room(&mut self, entries: usize);
}

/// What a front did.
#[derive(Debug)]
pub enum Done<V> {
    /// It answered a hit.
    Answered(NodeId),
    /// It put another value into the place of the one held.
    Rewrote {
        /// Where that is kept.
        node: NodeId,
        /// When; not before it really did.
        stamp: Time,
        /// The end of the new value.
        expires: Time,
    },
    /// It took a value that is to be stored: while there is room, and beyond it as many as there are guarded values, which
    /// will make room for them.
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
    fn replay(&mut self, _: &mut dyn FnMut(Done<V>) -> Option<NodeId>) {}
    fn room(&mut self, _: usize) {}
}
