//! Tags of a guarded store.

use tracing::debug;

use super::{Guarded, StoreCall};
use crate::{
    codec::TagCount,
    entry::key::Key,
    store::{Count, Store, StoreFuture, TagCounters, missed::Outcome},
    targets::RETRY,
    value::{Failure, Value},
};

impl<V: Value> Guarded<V> {
    /// The tags of the entry that [`Guarded::get`] would return; `None` if it would return none.
    pub async fn tags_of(&self, call: StoreCall<'_>, stored: &Key) -> Option<Vec<TagCount>> {
        let is_outdated = self.missed.contains(stored);
        let servers = self.store.replacements();
        let tags = self.run(call, |store| store.tags_of(stored)).await;
        tags.flatten().filter(|_| !is_outdated && self.store.replacements() == servers)
    }

    /// Whether the store has yet to invalidate one of these tags.
    pub(crate) fn has_missed_tag<'a>(&self, tags: impl Iterator<Item = &'a Key>) -> bool {
        self.missed.contains_tag(tags)
    }

    /// Runs an operation on the counters of tags; `None` if it was skipped or failed, or if there are none.
    pub(crate) async fn with_counters<'a, T: Send + 'a>(
        &'a self,
        call: StoreCall<'_>,
        operation: impl FnOnce(&'a dyn TagCounters<V>) -> StoreFuture<'a, T, V>,
    ) -> Option<T> {
        self.run(call, |store| match store.tags() {
            Some(counters) => operation(counters),
            None => Box::pin(async { Err(Failure::Message("the store counts no tags".to_owned())) }),
        })
        .await
    }

    /// Invalidates the entries with one of these tags, if the store counts tags. Returns the new counts that are
    /// known.
    pub(crate) async fn invalidate_tags(&self, call: StoreCall<'_>, tags: &[Key]) -> Vec<Option<Count>> {
        let began = self.missed.moment();
        match self.attempt(call, |store| invalidate(store, tags), true).await {
            Ok(counts) => {
                self.missed.invalidated(tags, began);
                counts
            }
            Err(_) => {
                self.add_missed_tags(tags);
                vec![None; tags.len()]
            }
        }
    }

    pub(super) fn add_missed_tags(&self, tags: &[Key]) {
        if self.store.is_shared() && self.store.tags().is_some() {
            debug!(target: RETRY, "L2 has missed an invalidation of tags: it is sent again later");
            self.missed.add_tags(tags);
        }
    }

    pub(super) async fn repair_tags(&self, tags: &[(u64, Key)]) -> Outcome {
        let tags: Vec<Key> = tags.iter().map(|(_, tag)| tag.clone()).collect();
        match self.in_time(invalidate(&*self.store, &tags)).await {
            Ok(_) => Outcome::Done,
            Err(Failure::Unreadable(_)) => Outcome::Refused,
            Err(_) => Outcome::Failed,
        }
    }
}

fn invalidate<'a, V: Value>(
    store: &'a dyn Store<V>,
    tags: &'a [Key],
) -> StoreFuture<'a, Vec<Option<Count>>, V> {
    match store.tags() {
        Some(counters) => counters.invalidate(tags),
        None => Box::pin(async { Ok(vec![None; tags.len()]) }),
    }
}
