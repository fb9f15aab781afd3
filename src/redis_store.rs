//! The Redis store of the drivers as the second layer of the engine. Values become bytes on the JavaScript thread;
//! all else happens on the threads of the runtime.

use lazy_layers_drivers::redis::{
    self, Fault, FaultKind, Page, Payload, Payloads, RedisStore, Stored, is_of_invalidation,
};
use lazy_layers_engine::{
    clock::Ttl,
    codec::{self, Metadata, Opened, Reader, TagCount},
    entry::{key::Key, pattern::Pattern},
    options::SetDetails,
    store::{Count, Fill, Found, FoundMany, LockOf, Locks, Mark, MarkCell, Store, StoreFuture, TagCounters},
    value::{BoxFuture, Failure},
};

use crate::{
    memory::{Slot, slots::Packed},
    values::Values,
};

/// A connection to Redis, with the codec of stored values.
pub(crate) type RedisDriver = RedisStore<StoredValues>;

/// A Redis store as the second layer of one cache, or without a cache.
pub(crate) struct NativeRedis {
    pub(crate) driver: RedisDriver,
    pub(crate) values: Values,
    /// Whether the lifetime left is needed, because another layer takes values over.
    pub(crate) takes_over: bool,
    /// The most entries, when there is such a bound.
    pub(crate) entries: Option<u64>,
}

impl NativeRedis {
    fn pack(&self, value: &Slot, metadata: &Metadata) -> Result<Payload, Failure<Slot>> {
        Ok(match self.values.pack(value)? {
            Packed::Msgpack(bytes) if metadata.is_empty() => Payload::Packed(bytes),
            Packed::Msgpack(bytes) if metadata.fits() => Payload::Described(bytes, metadata.clone()),
            Packed::Msgpack(_) => return Err(refused("its tags are too long to be stored beside a value")),
            // There is no place for its etag either, which is no reason to store nothing.
            Packed::Payload(bytes) if metadata.tags.is_empty() => Payload::Sealed(bytes),
            Packed::Payload(_) => return Err(refused("values that are stored as JSON have no tags in L2")),
        })
    }

    fn found(&self, stored: Stored<Opened>) -> Result<Found<Slot>, Failure<Slot>> {
        let Stored { value: Opened { metadata, body, encoding }, left } = stored;
        let opened = Opened { metadata: Metadata::default(), body, encoding };
        Ok(Found::beside(metadata, self.values.unpack(opened)?, left))
    }

    /// The values that were found under several keys.
    fn unpack_many(&self, found: Vec<redis::Found<Opened>>) -> FoundMany<Slot> {
        let bodies = found.iter().flatten().flatten().map(|stored| &stored.value.body);
        let mut read = self.values.unpack_together(bodies.collect()).into_iter();
        let each = found.into_iter().map(|found| {
            let Some(stored) = found.map_err(failure)? else { return Ok(None) };
            let Some(held) = read.next().flatten() else {
                // Alone, to learn the reason.
                return self.found(stored).map(Some);
            };
            Ok(Some(Found::beside(stored.value.metadata, Slot::Held(held), stored.left)))
        });
        each.collect()
    }

    /// One page of the entries of the store.
    pub(crate) fn inspect<'a>(
        &'a self,
        cursor: Option<String>,
        limit: u32,
        pattern: Pattern,
        values: bool,
    ) -> StoreFuture<'a, Page<Opened>, Slot> {
        let page = self.driver.inspect(cursor, limit, pattern, values);
        Box::pin(async move { page.await.map_err(failure) })
    }

    /// A page of one entry.
    pub(crate) fn look<'a>(&'a self, key: &Key) -> StoreFuture<'a, Page<Opened>, Slot> {
        let page = self.driver.look(key.as_bytes());
        Box::pin(async move { page.await.map_err(failure) })
    }
}

impl Store<Slot> for NativeRedis {
    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Found<Slot>>, Slot> {
        let found = self.driver.get(key.as_bytes(), self.takes_over);
        Box::pin(async move { found.await.map_err(failure)?.map(|stored| self.found(stored)).transpose() })
    }

    fn get_marked<'a>(
        &'a self,
        key: &'a Key,
        mark: &'a MarkCell,
    ) -> StoreFuture<'a, Option<Found<Slot>>, Slot> {
        let read = self.driver.get_marked(key.as_bytes(), self.takes_over);
        Box::pin(async move {
            let (found, marking) = read.await;
            mark.put(marking);
            found.map_err(failure)?.map(|stored| self.found(stored)).transpose()
        })
    }

    fn get_many<'a>(&'a self, keys: &'a [Key]) -> Option<StoreFuture<'a, FoundMany<Slot>, Slot>> {
        let found = self.driver.get_many(&mut keys.iter().map(Key::as_bytes), self.takes_over)?;
        Some(Box::pin(async move { Ok(self.unpack_many(found.await.map_err(failure)?)) }))
    }

    fn counts_invalidations(&self) -> bool {
        true
    }

    fn fill<'a>(&'a self, fill: Fill<'a, Slot>) -> StoreFuture<'a, bool, Slot> {
        let Fill { at, value, ttl, mark, token, metadata } = fill;
        let owner = token.map(|token| (at.key.as_bytes(), token));
        let filled = self
            .pack(value, metadata)
            .map(|payload| self.driver.fill(at.stored.as_bytes(), payload, ttl, self.entries, mark, owner));
        Box::pin(async move { filled?.await.map_err(failure) })
    }

    fn stands<'a>(&'a self, key: &'a Key, mark: Mark) -> StoreFuture<'a, bool, Slot> {
        let stands = self.driver.stands(key.as_bytes(), mark);
        Box::pin(async move { stands.await.map_err(failure) })
    }

    fn set<'a>(&'a self, key: &'a Key, value: &'a Slot, ttl: Ttl) -> StoreFuture<'a, (), Slot> {
        self.set_with(key, value, ttl, SetDetails { is_given: true, options: None, metadata: Metadata::NONE })
    }

    fn set_with<'a>(
        &'a self,
        key: &'a Key,
        value: &'a Slot,
        ttl: Ttl,
        details: SetDetails<'a>,
    ) -> StoreFuture<'a, (), Slot> {
        let payload = self.pack(value, details.metadata);
        let set = payload.map(|payload| self.driver.set(key.as_bytes(), payload, ttl, self.entries));
        Box::pin(async move { set?.await.map_err(failure) })
    }

    fn tags_of<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Vec<TagCount>>, Slot>
    where
        Slot: 'a,
    {
        let tags = self.driver.tags_of(key.as_bytes());
        Box::pin(async move { tags.await.map_err(failure) })
    }

    fn tags(&self) -> Option<&dyn TagCounters<Slot>> {
        Some(self)
    }

    fn has<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, bool, Slot> {
        let has = self.driver.has(key.as_bytes());
        Box::pin(async move { has.await.map_err(failure) })
    }

    fn discard<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, (), Slot> {
        let discarded = self.driver.discard(key.as_bytes());
        Box::pin(async move { discarded.await.map_err(failure) })
    }

    fn delete<'a>(&'a self, key: &'a Key, lock: Option<&'a Key>) -> StoreFuture<'a, (), Slot> {
        let delete = self.driver.delete(key.as_bytes(), lock.map(Key::as_bytes));
        Box::pin(async move { delete.await.map(drop).map_err(failure) })
    }

    fn delete_by_pattern<'a>(&'a self, pattern: &'a Pattern) -> StoreFuture<'a, (), Slot> {
        let delete = self.driver.delete_by_pattern(pattern);
        Box::pin(async move { delete.await.map(drop).map_err(failure) })
    }

    fn size(&self) -> StoreFuture<'_, u64, Slot> {
        let size = self.driver.size();
        Box::pin(async move { size.await.map_err(failure) })
    }

    fn locks(&self) -> Option<&dyn Locks<Slot>> {
        Some(self)
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn deadline(&self) -> Ttl {
        Ttl::from_millis_f64(self.driver.command_timeout().as_secs_f64() * 1000.0)
    }

    fn reconnects(&self) -> u64 {
        self.driver.connects()
    }

    fn is_reachable(&self) -> bool {
        self.driver.is_connected()
    }

    fn reachable(&self) -> BoxFuture<'static, ()> {
        Box::pin(self.driver.reachable())
    }

    fn replacements(&self) -> u64 {
        self.driver.replacements()
    }

    fn replaced(&self, seen: u64) -> BoxFuture<'static, ()> {
        Box::pin(self.driver.replaced(seen))
    }

    fn take_complaint(&self) -> Option<String> {
        self.driver.take_complaint()
    }
}

impl TagCounters<Slot> for NativeRedis {
    fn counts<'a>(&'a self, tags: &'a [Key]) -> StoreFuture<'a, Vec<Option<Count>>, Slot> {
        let counts = self.driver.counts(tags);
        Box::pin(async move { counts.await.map_err(failure) })
    }

    fn begin<'a>(&'a self, tags: &'a [Key], ttl: Ttl) -> StoreFuture<'a, Vec<Count>, Slot> {
        let counts = self.driver.begin_counts(tags, ttl);
        Box::pin(async move { counts.await.map_err(failure) })
    }

    fn invalidate<'a>(&'a self, tags: &'a [Key]) -> StoreFuture<'a, Vec<Option<Count>>, Slot> {
        let invalidated = self.driver.invalidate_tags(tags);
        Box::pin(async move { invalidated.await.map_err(failure) })
    }

    fn is_of_invalidation(&self, count: u64) -> bool {
        is_of_invalidation(count)
    }
}

impl Locks<Slot> for NativeRedis {
    fn acquire<'a>(&'a self, lock: LockOf<'a>, token: &'a str, ttl: Ttl) -> StoreFuture<'a, bool, Slot> {
        let acquired = self.driver.acquire_lock(lock.stored.as_bytes(), lock.key.as_bytes(), token, ttl);
        Box::pin(async move { acquired.await.map_err(failure) })
    }

    fn release<'a>(&'a self, lock: LockOf<'a>, token: &'a str) -> StoreFuture<'a, (), Slot> {
        let released = self.driver.release_lock(lock.stored.as_bytes(), lock.key.as_bytes(), token);
        Box::pin(async move { released.await.map(drop).map_err(failure) })
    }

    fn set_if_owner<'a>(
        &'a self,
        lock: LockOf<'a>,
        value: &'a Slot,
        ttl: Ttl,
        token: &'a str,
    ) -> Option<StoreFuture<'a, bool, Slot>> {
        let (key, name) = (lock.stored.as_bytes(), lock.key.as_bytes());
        let set = self
            .pack(value, Metadata::NONE)
            .map(|payload| self.driver.set_if_owner(key, payload, ttl, self.entries, name, token));
        Some(Box::pin(async move { set?.await.map_err(failure) }))
    }
}

/// The failure, in the words of the driver.
pub(crate) fn failure(fault: Fault) -> Failure<Slot> {
    let message = Failure::Message(fault.message);
    // The server answers.
    let is_answer = matches!(fault.kind, FaultKind::Corrupt | FaultKind::Server);
    if is_answer { Failure::Unreadable(Box::new(message)) } else { message }
}

/// A value that cannot be stored as it is. Not a failure of the store: its circuit stays closed.
fn refused(reason: &str) -> Failure<Slot> {
    Failure::Unreadable(Box::new(Failure::Message(reason.to_owned())))
}

/// Opens and seals payloads for the drivers.
pub(crate) struct StoredValues(pub(crate) Reader);

impl Payloads for StoredValues {
    type Opened = Opened;

    fn seal(&self, packed: Vec<u8>, metadata: &Metadata) -> Vec<u8> {
        // Too large metadata was refused before. A value must not be stored without its tags: nobody reads the result.
        codec::seal_with(&packed, metadata).map(|sealed| sealed.bytes).unwrap_or_default()
    }

    fn open(&self, payload: Vec<u8>) -> Result<Opened, String> {
        self.0.open(payload).map_err(|corrupt| corrupt.0)
    }
}
