//! Layers that are awaited: [`Store`] is the contract of custom and builtin stores, [`Guarded`]
//! puts the circuit breaker around one.

mod guarded;
mod missed;

pub use guarded::{Guarded, StoreCall};

pub use crate::coherence::{
    counts::{Count, Counted},
    mark::{Mark, MarkCell, Marking},
};
use crate::{
    clock::Ttl,
    codec::{Metadata, TagCount},
    entry::{key::Key, pattern::Pattern, version::Etag},
    options::SetDetails,
    value::{BoxFuture, Failure},
};

/// An operation of a store under way, and its result.
pub type StoreFuture<'a, T, V> = BoxFuture<'a, Result<T, Failure<V>>>;

/// The values found under several keys, in order.
pub type FoundMany<V> = Vec<Result<Option<Found<V>>, Failure<V>>>;

/// A value found in a store.
#[derive(Debug)]
pub struct Found<V> {
    /// The value.
    pub value: V,
    /// The rest of its lifetime, [`Ttl::FOREVER`] when the store does not know it.
    pub left: Ttl,
    /// Its tags, each with the count that it has to have still; `None` without tags.
    pub tags: Option<Counted>,
    /// Its etag.
    pub etag: Option<Etag>,
    /// How long its load took.
    pub cost: Option<Ttl>,
}

impl<V> Found<V> {
    /// A value that is stored with this metadata.
    #[must_use]
    pub fn beside(metadata: Metadata, value: V, left: Ttl) -> Found<V> {
        let Metadata { tags, etag, cost } = metadata;
        let tags = (!tags.is_empty()).then(|| tags.into());
        Found { value, left, tags, etag, cost: cost.map(Ttl) }
    }
}

/// The result of a load, see [`Store::fill`].
#[derive(Debug)]
pub struct Fill<'a, V> {
    /// The key and its entry.
    pub at: LockOf<'a>,
    /// The value.
    pub value: &'a V,
    /// How long it lives.
    pub ttl: Ttl,
    /// The mark of the read before the load.
    pub mark: Mark,
    /// The token of the lock that the load ran under.
    pub token: Option<&'a str>,
    /// What is stored beside it.
    pub metadata: &'a Metadata,
}

/// A layer reached by awaiting.
pub trait Store<V>: Send + Sync + 'static {
    /// The value of a key, if there is one.
    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Found<V>>, V>;
    /// The same before a load: also tells how far invalidations are counted, if that is known, even if the read
    /// fails. A value need not wait for that.
    fn get_marked<'a>(&'a self, key: &'a Key, _: &'a MarkCell) -> StoreFuture<'a, Option<Found<V>>, V> {
        self.get(key)
    }
    /// The values of keys, in order, by one operation: a value that cannot be read is a failure of its own. `None`
    /// where the keys have to be asked for one by one.
    fn get_many<'a>(&'a self, _: &'a [Key]) -> Option<StoreFuture<'a, FoundMany<V>, V>> {
        None
    }
    /// Whether loads are ordered against the invalidations of other instances, by [`Store::get_marked`] and
    /// [`Store::fill`].
    fn counts_invalidations(&self) -> bool {
        false
    }
    /// Stores the result of a load in one step. Returns false, and stores nothing, if its key was invalidated
    /// since the mark or another holds its lock.
    fn fill<'a>(&'a self, fill: Fill<'a, V>) -> StoreFuture<'a, bool, V> {
        let set = self.set(fill.at.stored, fill.value, fill.ttl);
        Box::pin(async move { set.await.map(|()| true) })
    }
    /// Whether the result of a load that began with this mark could still be stored, for a value that was stored
    /// otherwise. Always, where loads are not ordered so.
    fn stands<'a>(&'a self, _: &'a Key, _: Mark) -> StoreFuture<'a, bool, V> {
        Box::pin(async { Ok(true) })
    }
    /// Stores a value for a lifetime.
    fn set<'a>(&'a self, key: &'a Key, value: &'a V, ttl: Ttl) -> StoreFuture<'a, (), V>;
    /// The same with more details: the options of the call for custom stores, the metadata for those that store it.
    fn set_with<'a>(
        &'a self,
        key: &'a Key,
        value: &'a V,
        ttl: Ttl,
        _: SetDetails<'a>,
    ) -> StoreFuture<'a, (), V> {
        self.set(key, value, ttl)
    }
    /// Whether there is a value.
    fn has<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, bool, V>;
    /// The tags of an entry, each with its count; `None` if there is no entry.
    fn tags_of<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Vec<TagCount>>, V>
    where
        V: 'a,
    {
        let has = self.has(key);
        Box::pin(async move { Ok(has.await?.then(Vec::new)) })
    }
    /// Removes a key; with a `lock` also the lock of that key, so that a load under it stores nothing.
    fn delete<'a>(&'a self, key: &'a Key, lock: Option<&'a Key>) -> StoreFuture<'a, (), V>;
    /// Removes all keys that match.
    fn delete_by_pattern<'a>(&'a self, pattern: &'a Pattern) -> StoreFuture<'a, (), V>;
    /// Removes a value that was overtaken. This is no invalidation: loads go on.
    fn discard<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, (), V> {
        self.delete(key, None)
    }
    /// The number of entries.
    fn size(&self) -> StoreFuture<'_, u64, V>;
    /// The locks of this store, if it has them.
    fn locks(&self) -> Option<&dyn Locks<V>>;
    /// The counters of tags, if the entries of this store may have tags.
    fn tags(&self) -> Option<&dyn TagCounters<V>> {
        None
    }
    /// Whether other instances read and write the same data. The sender of a delete has deleted there
    /// for all; the receivers delete in a private store.
    fn is_shared(&self) -> bool;
    /// Whether values with one lifetime may be stored by one operation. Then lifetimes vary in few steps.
    fn stores_together(&self) -> bool {
        false
    }
    /// After how long this store ends an operation by itself; never by default.
    fn deadline(&self) -> Ttl {
        Ttl::FOREVER
    }
    /// The number of reconnects of the store. After one, a caller that has paused may try at once.
    fn reconnects(&self) -> u64 {
        0
    }
    /// Whether the store is known to be up, so that a delete is worth a try while the circuit is open.
    fn is_reachable(&self) -> bool {
        false
    }
    /// Ends once the store can be reached, as far as that is known.
    fn reachable(&self) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
    /// The number of times that the server was replaced, or started anew. The new one may lack acknowledged writes.
    fn replacements(&self) -> u64 {
        0
    }
    /// Ends once [`Store::replacements`] is another number than `seen`.
    fn replaced(&self, seen: u64) -> BoxFuture<'static, ()> {
        let _ = seen;
        Box::pin(std::future::pending())
    }
    /// A warning about the server for users, returned once: it works, but not as well as it could.
    fn take_complaint(&self) -> Option<String> {
        None
    }
}

/// Counters of tags. Each number that one gets is one that it never had before, also if the counter was lost meanwhile.
pub trait TagCounters<V>: Send + Sync {
    /// The counts of these tags; `None` for one that has no counter.
    fn counts<'a>(&'a self, tags: &'a [Key]) -> StoreFuture<'a, Vec<Option<Count>>, V>;
    /// The same for an entry that will live for `ttl`: tags without a counter get one, and counters live no shorter.
    fn begin<'a>(&'a self, tags: &'a [Key], ttl: Ttl) -> StoreFuture<'a, Vec<Count>, V>;
    /// Gives each of these tags another count; `None` in the answer for one whose count is not known.
    fn invalidate<'a>(&'a self, tags: &'a [Key]) -> StoreFuture<'a, Vec<Option<Count>>, V>;
    /// Whether a count is that of an invalidation, and not the first of its counter.
    fn is_of_invalidation(&self, count: u64) -> bool;
}

/// The lock of a key has the name of the key, and lies with the entry under which its value is stored.
#[derive(Debug, Clone, Copy)]
pub struct LockOf<'a> {
    /// The key.
    pub key: &'a Key,
    /// The entry.
    pub stored: &'a Key,
}

/// Locks by key, each owned by a token.
pub trait Locks<V>: Send + Sync {
    /// Takes the lock of a key for `ttl`. Returns false if another holds it.
    fn acquire<'a>(&'a self, lock: LockOf<'a>, token: &'a str, ttl: Ttl) -> StoreFuture<'a, bool, V>;
    /// Releases the lock, if `token` still holds it.
    fn release<'a>(&'a self, lock: LockOf<'a>, token: &'a str) -> StoreFuture<'a, (), V>;
    /// Stores a value if `token` still holds the lock of its key, in one step; else returns false. `None` from
    /// a store that cannot do this.
    fn set_if_owner<'a>(
        &'a self,
        lock: LockOf<'a>,
        value: &'a V,
        ttl: Ttl,
        token: &'a str,
    ) -> Option<StoreFuture<'a, bool, V>>;
}
