//! Mirrors: copies of the memory layer that answer hits in the caller's own memory, without a call.
//!
//! A mirror may also overwrite a value that it may answer, and insert new values. It records its reads and writes in
//! a journal, which the layer drains before it decides anything. The layer tells all its mirrors which values they
//! may answer, and until when.

use std::any::Any;

use crate::{
    bounded::{Bounded, NodeId},
    clock::Time,
    entry::key::Key,
    value::Value,
};

/// Answers hits for the memory layer. Called with the layer locked, so it needs no lock itself.
pub trait Mirror<V>: Any + Send {
    /// `value`, kept at `node`, may be answered until `until`. A value at [`NodeId::MAX`] is not in the layer.
    fn publish(&mut self, value: &V, node: NodeId, until: Time);
    /// `value` is a victim, one of the next to make room: it is in the layer, but the mirror has to ask before
    /// it answers it.
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
    /// Sets the headroom: `entries` more values may be stored before an entry has to make room.
    fn headroom(&mut self, entries: usize);
}

/// The counts of mirrors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MirrorStats {
    /// Hits that they answered.
    pub hits: u64,
    /// Values that they inserted or overwrote.
    pub sets: u64,
}

/// A record in the journal of a mirror.
#[derive(Debug)]
pub enum Record<'a, V> {
    /// It answered hits, in this order.
    Read(&'a [NodeId]),
    /// It overwrote the value that is held.
    Overwrite {
        /// The node of that value.
        node: NodeId,
        /// The time of the write; never earlier than the write itself.
        stamp: Time,
        /// The end of the new value.
        expires: Time,
    },
    /// It overwrote the value that is held, by a later record: the entry does not end before that one is applied.
    Renew {
        /// The node of that value.
        node: NodeId,
        /// The end of the new value.
        expires: Time,
    },
    /// It inserted a value: within the headroom, or beyond it at most as many values as there are victims,
    /// which make room for them.
    Insert {
        /// The key.
        key: Key,
        /// The value.
        value: V,
        /// The time of the write; never earlier than the write itself.
        stamp: Time,
        /// The end of the value.
        expires: Time,
    },
}

/// The mirrors of a layer. All may answer the same entries; nearly always there is one.
pub(super) struct Mirrors<V> {
    all: Vec<Box<dyn Mirror<V>>>,
    /// How many caches want nothing to be answered unasked.
    blind: usize,
}

impl<V: Value> Mirrors<V> {
    pub(super) fn new(all: Vec<Box<dyn Mirror<V>>>) -> Mirrors<V> {
        Mirrors { all, blind: 0 }
    }

    pub(super) fn each(&mut self, mut act: impl FnMut(&mut dyn Mirror<V>)) {
        for mirror in &mut self.all {
            act(&mut **mirror);
        }
    }

    pub(super) fn publish(&mut self, value: &V, node: NodeId, until: Time) {
        let until = if self.blind > 0 { Time::ZERO } else { until };
        self.each(|mirror| mirror.publish(value, node, until));
    }

    /// A cache wants nothing to be answered unasked, or does so no more.
    pub(super) fn blind(&mut self, is_blind: bool) {
        self.blind = if is_blind { self.blind + 1 } else { self.blind.saturating_sub(1) };
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
                // The other mirrors would still answer the overwritten value.
                if is_overwrite && let Some(held) = entries.node_value(node) {
                    before.iter_mut().chain(&mut *after).for_each(|other| other.retract(value(held)));
                }
                Some(node)
            });
        }
    }

    /// Names the next victims, in this order. Several mirrors get none, as they must not rely on the same
    /// victims.
    pub(super) fn ask_for<'a>(&mut self, victims: impl Iterator<Item = &'a V>)
    where
        V: 'a,
    {
        if let [mirror] = &mut self.all[..] {
            victims.for_each(|victim| mirror.ask_for(victim));
        }
    }

    /// Divides the headroom among the mirrors, so that together they do not exceed it.
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
