//! The counters of tags of a store.

use super::FakeStore;
use crate::{
    clock::Ttl,
    entry::key::Key,
    store::{Count, Counted, StoreFuture, TagCounters},
    value::Value,
};

impl<V: Value> FakeStore<V> {
    /// The store, as one that counts tags.
    #[must_use]
    pub fn counting_tags(self) -> FakeStore<V> {
        FakeStore { counts_tags: true, ..self }
    }

    /// Another instance invalidates a tag, past gates and faults.
    pub fn invalidate_tag(&self, tag: &Key) {
        self.data.invalidate_tag(tag);
    }

    /// The counters of tags are gone, as in a server that makes room.
    pub fn lose_counters(&self) {
        self.data.lose_counters();
    }

    /// Whether the tags of an entry, if it has some, were not invalidated since. Past gates and faults.
    #[must_use]
    pub fn tags_stand(&self, key: &Key) -> bool {
        let tags = self.data.metadata_of(key).tags;
        tags.iter().all(|tag| self.data.count(&tag.tag) == Some(tag.count))
    }

    /// The tags of an entry with their counts, past gates and faults.
    #[must_use]
    pub fn tags_at(&self, key: &Key) -> Option<Counted> {
        let tags = self.data.metadata_of(key).tags;
        (!tags.is_empty()).then(|| tags.into())
    }
}

impl<V: Value> TagCounters<V> for FakeStore<V> {
    fn counts<'a>(&'a self, tags: &'a [Key]) -> StoreFuture<'a, Vec<Option<Count>>, V> {
        self.run("counts", || {
            let count = |tag| self.data.count(tag).map(|number| Count { number, left: Ttl::FOREVER });
            Ok(tags.iter().map(count).collect())
        })
    }

    fn begin<'a>(&'a self, tags: &'a [Key], _: Ttl) -> StoreFuture<'a, Vec<Count>, V> {
        self.run("begin", || {
            let count = |tag| Count { number: self.data.begin_count(tag), left: Ttl::FOREVER };
            Ok(tags.iter().map(count).collect())
        })
    }

    fn invalidate<'a>(&'a self, tags: &'a [Key]) -> StoreFuture<'a, Vec<Option<Count>>, V> {
        self.run("invalidateTags", || {
            let count = |tag| Some(Count { number: self.data.invalidate_tag(tag), left: Ttl::FOREVER });
            Ok(tags.iter().map(count).collect())
        })
    }

    fn is_of_invalidation(&self, count: u64) -> bool {
        count % 2 == 1
    }
}
