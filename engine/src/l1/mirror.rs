//! Mirrors: copies of the memory layer that answer hits in the caller's own memory, without a call.
//!
//! A mirror may also put another value in the place of one that it may answer, and take values that are to be stored.
//! It writes down what it does in a journal, which the layer drains before it decides anything. The layer tells all
//! its mirrors which values may be answered and until when.

use std::any::Any;

use crate::{
    bounded::{Bounded, NodeId},
    clock::Time,
    entry::key::Key,
    value::Value,
};

/// Answers hits for the memory layer. Called with the layer locked, so it needs no lock itself.
pub trait Mirror<V>: Any + Send {
    /// `value`, kept at `node`, may be answered until `until`. It is not in the layer when that is [`NodeId::MAX`].
    fn publish(&mut self, value: &V, node: NodeId, until: Time);
    /// `value` is a victim, one of the next to make room: it is there, but may not be answered any more without asking.
    fn ask_for(&mut self, value: &V);
    /// `value` may not be answered any more.
    fn retract(&mut self, value: &V);
    /// Hands over the records of the journal, in order, and empties it. For a record of a value that was written,
    /// `apply` returns the node where it is kept.
    fn drain(&mut self, apply: &mut dyn FnMut(Record<'_, V>) -> Option<NodeId>);
    /// Its counts, also of records that are still in the journal.
    fn stats(&self) -> MirrorStats {
        MirrorStats::default()
    }
    /// `entries` more values may be stored now before one has to make room.
    fn headroom(&mut self, entries: usize);
}

/// How much mirrors have done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MirrorStats {
    /// Hits that they answered.
    pub hits: u64,
    /// Values that they took or put into the place of others.
    pub sets: u64,
}

/// The counts of a mirror.
#[derive(Debug)]
pub enum Record<'a, V> {
    /// It answered hits, in this order.
    Read(&'a [NodeId]),
    /// It put another value into the place of the one held.
    Overwrite {
        /// Where that is kept.
        node: NodeId,
        /// When; not before it really did.
        stamp: Time,
        /// The end of the new value.
        expires: Time,
    },
    /// It took a value that is to be stored: within the headroom, and beyond it as many as there are victims, which
    /// will make room for them.
    Insert {
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

/// The mirrors of a layer. All may answer the same entries; nearly always there is one.
pub(super) struct Mirrors<V> {
    all: Vec<Box<dyn Mirror<V>>>,
}

impl<V: Value> Mirrors<V> {
    pub(super) fn new(all: Vec<Box<dyn Mirror<V>>>) -> Mirrors<V> {
        Mirrors { all }
    }

    pub(super) fn each(&mut self, mut act: impl FnMut(&mut dyn Mirror<V>)) {
        for mirror in &mut self.all {
            act(&mut **mirror);
        }
    }

    pub(super) fn publish(&mut self, value: &V, node: NodeId, until: Time) {
        self.each(|mirror| mirror.publish(value, node, until));
    }

    pub(super) fn retract(&mut self, value: &V) {
        self.each(|mirror| mirror.retract(value));
    }

    /// The mirror, if there is one alone.
    pub(super) fn only(&mut self) -> Option<&mut dyn Mirror<V>> {
        match &mut self.all[..] {
            [mirror] => Some(&mut **mirror),
            _ => None,
        }
    }

    /// Applies the records of all journals, of one mirror after the other.
    pub(super) fn drain<T>(
        &mut self,
        entries: &mut Bounded<T>,
        value: impl Fn(&T) -> &V,
        mut apply: impl FnMut(&mut Bounded<T>, Record<'_, V>) -> Option<NodeId>,
    ) {
        for at in 0..self.all.len() {
            let (before, rest) = self.all.split_at_mut(at);
            let Some((mirror, after)) = rest.split_first_mut() else { return };
            mirror.drain(&mut |record| {
                let is_overwrite = matches!(record, Record::Overwrite { .. });
                let node = apply(entries, record)?;
                // The others would answer the value that was there before.
                if is_overwrite && let Some(held) = entries.node_value(node) {
                    before.iter_mut().chain(&mut *after).for_each(|other| other.retract(value(held)));
                }
                Some(node)
            });
        }
    }

    /// Names values that make room next, in this order. Several mirrors may not wait for the same victims, and have
    /// none.
    pub(super) fn ask_for<'a>(&mut self, victims: impl Iterator<Item = &'a V>)
    where
        V: 'a,
    {
        if let [mirror] = &mut self.all[..] {
            victims.for_each(|victim| mirror.ask_for(victim));
        }
    }

    /// Shares the room for more entries out among the mirrors: together they do not exceed it.
    pub(super) fn headroom(&mut self, entries: usize) {
        match &mut self.all[..] {
            [] => {}
            [mirror] => mirror.headroom(entries),
            all => {
                let share = entries / all.len();
                all.iter_mut().for_each(|mirror| mirror.headroom(share));
            }
        }
    }

    pub(super) fn stats(&self) -> MirrorStats {
        self.all.iter().map(|mirror| mirror.stats()).fold(MirrorStats::default(), |sum, one| MirrorStats {
            hits: sum.hits + one.hits,
            sets: sum.sets + one.sets,
        })
    }
}

#[cfg(test)]
mod tests;
