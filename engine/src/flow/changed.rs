//! Changes of the second layer that its server tells, also those by other programs.

use tracing::warn;

use crate::{
    entry::{key::Key, pattern::Pattern},
    flow::{delete::StaleCopy, layers::unversioned, state::CacheState},
    l1::Layer1,
    observe::{Event, Kind, event::GapReason},
    targets::BUS,
    value::Value,
};

/// An entry of the second layer by its key, or the counter of a tag by the tag.
#[derive(Debug, Clone, Copy)]
pub enum Named<'a> {
    /// An entry.
    Entry(&'a [u8]),
    /// A counter.
    Tag(&'a [u8]),
}

/// The entries and counters of the second layer that a change concerns: all, or those for which the function returns
/// true.
pub type Affected<'a> = Option<&'a (dyn Fn(Named<'_>) -> bool + Send + Sync)>;

impl<V: Value> CacheState<V> {
    /// Others have changed or removed entries of the second layer, or these have expired there.
    pub(crate) async fn changed(&self, entries: Vec<Key>) {
        for entry in entries {
            let key = self.key_of(entry);
            let stored = self.stored_key(&key);
            // An entry that expires in the second layer has expired here before. Its stale copy is for the loads that
            // follow.
            let holds = match &self.l1 {
                Layer1::Memory(memory) => memory.look(&stored, self.now()).is_some(),
                Layer1::Custom(_) => true,
                Layer1::Off => false,
            };
            if holds {
                self.void(&key);
            } else {
                self.void_running(&key);
            }
            self.invalidate_l1(&key, &stored).await;
            self.observe.emit(Kind::L2Change, || Event::L2Change { key: key.clone() });
        }
    }

    /// Others have changed the counters of these tags: they have invalidated them, or the counters were lost. A counter
    /// that is new, or gets a longer life, ends entries here needlessly: they are read again.
    pub(crate) async fn changed_tags(&self, tags: Vec<Key>) {
        self.forget_counts(&tags);
        self.remove_tagged(&tags, StaleCopy::Removed).await;
        self.tell_tags(&tags, true, false);
    }

    /// Changes of these entries may have been missed: they are read or loaded again. Stale copies of fail-safe stay.
    pub(crate) async fn missed_changes(&self, affected: Affected<'_>) {
        let cache = self.options.name.as_deref();
        let all = affected.is_none();
        warn!(target: BUS, cache, all, "a gap: changes of L2 may have been missed, L1 is read again");
        self.forget_unknown(affected).await;
        self.observe.emit(Kind::BusGap, || Event::BusGap { reason: GapReason::Tracking, missed: 0 });
    }

    /// Changes are told from here on. Entries that were kept before may have been changed.
    pub(crate) async fn hears_changes(&self, affected: Affected<'_>) {
        self.forget_unknown(affected).await;
    }

    async fn forget_unknown(&self, affected: Affected<'_>) {
        let everything = Pattern::from("*");
        // Before the layer: running reads and loads may have seen values that have changed since.
        self.void_running_matching(&everything);
        match (&self.l1, affected) {
            (Layer1::Memory(memory), None) => memory.clear(),
            (Layer1::Memory(memory), Some(covers)) => {
                // In a cluster another server may have the counter of a tag than the entry.
                let tagged = memory.keys_of_tags(|tag| covers(Named::Tag(tag.as_bytes())));
                let mut removal = memory.removal();
                let matches = |stored: &Key| {
                    let key = self.key_of(stored.clone());
                    covers(Named::Entry(self.entry_of(&key).as_bytes())) || tagged.contains(stored)
                };
                while !removal.slice(|stored, _, _| matches(stored)) {
                    if let Some(turn) = self.timers.turn() {
                        turn.await;
                    }
                }
            }
            (Layer1::Custom(store), _) => {
                let named = everything.as_key();
                self.run_l1("deleteByPattern", Some(&named), store.delete_by_pattern(&everything)).await;
            }
            (Layer1::Off, _) => {}
        }
    }

    /// The key of a stored key.
    pub(super) fn key_of(&self, stored: Key) -> Key {
        if self.options.versioning { Key::from_wtf8(unversioned(stored.as_bytes())) } else { stored }
    }
}
