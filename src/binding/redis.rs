//! Redis stores, and the verbs of a store without a cache, whose failures reach the caller.

use std::{future::Future, rc::Rc, sync::Arc};

use lazy_layers_drivers::{
    redis::{Address, RedisStore, StoreOptions},
    runtime,
};
use lazy_layers_engine::{
    clock::Ttl,
    codec::Limits,
    entry::{key::Key, pattern::Pattern},
    store::{LockOf, Locks, Store},
    value::Failure,
};
use serde::Deserialize;

use super::requests::Call;
use crate::{
    instance::Instance,
    memory::Slot,
    raw::call::Fault,
    redis_owner::{JsOwner, Renewal},
    redis_store::{NativeRedis, RedisDriver, StoredValues},
    reply::{Answer, Reply},
};

/// The description of a store, as the facade writes it.
#[derive(Deserialize)]
struct Described {
    address: Address,
    options: StoreOptions,
    limits: DescribedLimits,
    renewal: Renewal,
    /// A store whose connection it shares.
    beside: Option<usize>,
}

/// The limits within which payloads are opened.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribedLimits {
    depth: usize,
    inflated_bytes: usize,
}

/// Makes a store from its description in JSON. Returns its id. The store connects in the background.
pub(crate) fn create(instance: Rc<Instance>, description: String, owner: u32) -> Result<usize, Fault> {
    let Described { address, options, limits, renewal, beside } = serde_json::from_str(&description)
        .map_err(|error| Fault(format!("the description of a Redis store: {error}")))?;
    let runtime = runtime::handle().map_err(|error| Fault(error.to_string()))?;
    let limits = Limits { depth: limits.depth, inflated_bytes: limits.inflated_bytes };
    let values = StoredValues(instance.env.reader.with_limits(limits));
    let other = beside.and_then(|id| instance.redis_stores.borrow().get(id).cloned());
    let store = match other {
        Some(other) => other.beside(options, Arc::new(values)),
        None => {
            let connections = JsOwner { number: owner, renewal, queue: Arc::clone(&instance.bus_queue) };
            RedisStore::open(runtime, address, options, Arc::new(values), Some(Arc::new(connections)))
        }
    };
    Ok(instance.redis_stores.borrow_mut().insert(store))
}

/// Closes a store: its operations fail from here on.
pub(crate) fn close(store: RedisDriver) -> Result<(), Fault> {
    store.close();
    Ok(())
}

/// Opens a closed store again.
pub(crate) fn reopen(store: RedisDriver) -> Result<(), Fault> {
    store.reopen();
    Ok(())
}

/// Makes a store connect anew, with the current login and database.
pub(crate) fn renew(store: RedisDriver) -> Result<(), Fault> {
    store.renew();
    Ok(())
}

/// Takes the answer to a question about a connection, or the answers to commands for a client.
pub(crate) fn answer(instance: Rc<Instance>, question: usize, answer: Vec<u8>) -> Result<(), Fault> {
    instance.questions.answer(question, answer);
    Ok(())
}

/// Releases a store. Caches that use it keep its connection.
pub(crate) fn release(instance: Rc<Instance>, store: usize) -> Result<(), Fault> {
    let released = instance.redis_stores.borrow_mut().try_remove(store);
    drop(released);
    Ok(())
}

type Answered = Result<Reply, Failure<Slot>>;

/// Runs a verb on the Redis of a cache.
fn verb<F>(call: &Call, run: impl FnOnce(Arc<NativeRedis>) -> F) -> Result<Answer, Fault>
where
    F: Future<Output = Answered> + 'static,
{
    let redis = call.native.redis.clone().ok_or_else(|| Fault("the cache has no Redis".into()))?;
    let answered = run(redis);
    Ok(call.run(|_| Box::pin(async move { answered.await.unwrap_or_else(Reply::Failed) })))
}

/// The value of a key.
pub(crate) fn get(call: Call, key: Key) -> Result<Answer, Fault> {
    let key = call.key(key);
    verb(&call, |redis| async move { Ok(Reply::of(redis.get(&key).await?.map(|found| found.value))) })
}

/// Stores the value in a slot, for the lifetime in the options of the call or of the store.
pub(crate) fn set(call: Call, key: Key, slot: u32) -> Result<Answer, Fault> {
    let (key, settings) = (call.key(key), call.settings());
    let (value, native) = (call.native.storage.adopt(slot, 0), Rc::clone(&call.native));
    verb(&call, |redis| async move {
        native.cache.forget(&key);
        let ttl = settings.l2_ttl;
        if ttl == Ttl::NONE {
            let deleted = redis.delete(&key, None).await;
            native.cache.forget(&key);
            return deleted.map(|()| Reply::Nothing);
        }
        let set = redis.set(&key, &value, ttl).await;
        match &set {
            Ok(()) => native.cache.stored(&key, &value, &settings),
            // The former value is outdated: nobody may read it.
            Err(Failure::Unreadable(_)) => drop(redis.delete(&key, None).await),
            Err(_) => {}
        }
        if set.is_err() {
            native.cache.forget(&key);
        }
        set.map(|()| Reply::Nothing)
    })
}

/// Whether there is a value.
pub(crate) fn has(call: Call, key: Key) -> Result<Answer, Fault> {
    let key = call.key(key);
    verb(&call, |redis| async move { Ok(Reply::Flag(redis.has(&key).await?)) })
}

/// Deletes a key.
pub(crate) fn delete(call: Call, key: Key) -> Result<Answer, Fault> {
    let (key, native) = (call.key(key), Rc::clone(&call.native));
    verb(&call, |redis| async move {
        native.cache.deletes(&key);
        let deleted = redis.delete(&key, None).await;
        native.cache.forget(&key);
        deleted.map(|()| Reply::Nothing)
    })
}

/// Deletes the keys that match.
pub(crate) fn delete_by_pattern(call: Call, pattern: Key) -> Result<Answer, Fault> {
    let (pattern, native) = (Pattern::from_wtf8(pattern.as_bytes()), Rc::clone(&call.native));
    verb(&call, |redis| async move {
        native.cache.deletes_matching(&pattern);
        let deleted = redis.delete_by_pattern(&pattern).await;
        native.cache.forget_matching(&pattern);
        deleted.map(|()| Reply::Nothing)
    })
}

/// How many entries there are.
#[expect(clippy::cast_precision_loss, reason = "counts of entries fit 53 bits")]
pub(crate) fn size(call: Call) -> Result<Answer, Fault> {
    verb(&call, |redis| async move { Ok(Reply::Count(redis.size().await? as f64)) })
}

/// Takes a lock.
pub(crate) fn acquire_lock(call: Call, key: Key, token: String, ttl_ms: f64) -> Result<Answer, Fault> {
    let (key, ttl) = (call.key(key), Ttl::from_millis_f64(ttl_ms));
    verb(&call, |redis| async move {
        Ok(Reply::Flag(redis.acquire(LockOf { key: &key, stored: &key }, &token, ttl).await?))
    })
}

/// Releases a lock.
pub(crate) fn release_lock(call: Call, key: Key, token: String) -> Result<Answer, Fault> {
    let key = call.key(key);
    verb(&call, |redis| async move {
        redis.release(LockOf { key: &key, stored: &key }, &token).await?;
        Ok(Reply::Nothing)
    })
}

/// Shows one entry to the visitor in the slot, as a page of one entry. A missing entry is shown as gone.
pub(crate) fn look(call: Call, key: Key, visitor: u32) -> Result<Answer, Fault> {
    let visitor = call.native.storage.adopt(visitor, 0);
    verb(&call, |redis| async move {
        let page = redis.look(&key).await?;
        redis.values.show(&visitor, page)?;
        Ok(Reply::Nothing)
    })
}

/// Shows each entry of a page to the visitor in the slot, see `lib/redis/inspect.js`; the last call has the
/// next cursor and the size.
pub(crate) fn inspect(
    call: Call,
    cursor: String,
    limit: u32,
    pattern: Key,
    visitor: u32,
    values: bool,
) -> Result<Answer, Fault> {
    let cursor = Some(cursor).filter(|cursor| !cursor.is_empty());
    let pattern = Pattern::from_wtf8(pattern.as_bytes());
    let visitor = call.native.storage.adopt(visitor, 0);
    verb(&call, |redis| async move {
        let page = redis.inspect(cursor, limit, pattern, values).await?;
        redis.values.show(&visitor, page)?;
        Ok(Reply::Nothing)
    })
}
