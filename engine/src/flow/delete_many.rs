//! `deleteMany`: several keys, everywhere, told to the other instances in as few messages as possible.

use std::collections::BTreeMap;

use crate::{
    bus::Body,
    coherence::recent::Underway,
    entry::key::Key,
    flow::{
        delete::{Removal, StaleCopy},
        state::CacheState,
        together::together,
    },
    value::Value,
};

/// The most keys of a message.
const MOST_KEYS: usize = 1000;
/// The most bytes of its keys, unless one alone has more: brokers refuse large messages.
const MOST_BYTES: usize = 64 << 10;

/// The keys of a message, and their invalidations.
#[derive(Default)]
struct Told {
    keys: Vec<Key>,
    underway: Vec<Underway>,
    bytes: usize,
}

impl Told {
    fn has_room_for(&self, key: &Key) -> bool {
        self.keys.is_empty()
            || (self.keys.len() < MOST_KEYS && self.bytes + key.as_bytes().len() <= MOST_BYTES)
    }

    fn push(&mut self, key: &Key, underway: Option<Underway>) {
        self.bytes += key.as_bytes().len();
        self.keys.push(key.clone());
        self.underway.extend(underway);
    }
}

impl<V: Value> CacheState<V> {
    /// A message has one generation for all of its keys: keys that were deleted equally often share a message.
    pub(crate) async fn delete_many(&self, keys: &[Key]) {
        let removals = together(keys.iter().map(|key| self.remove(key, StaleCopy::Removed))).await;
        if !self.has_bus() {
            return;
        }
        let mut by_generation: BTreeMap<u64, Vec<Told>> = BTreeMap::new();
        for (key, Removal { generation, underway }) in keys.iter().zip(removals) {
            let messages = by_generation.entry(generation).or_default();
            if messages.last().is_none_or(|last| !last.has_room_for(key)) {
                messages.push(Told::default());
            }
            if let Some(last) = messages.last_mut() {
                last.push(key, underway);
            }
        }
        let publishing = by_generation.into_iter().flat_map(|(generation, messages)| {
            messages.into_iter().map(move |Told { keys, underway, .. }| {
                self.publish(self.message(Some(generation), Body::Delete(keys)), underway)
            })
        });
        together(publishing).await;
    }
}
