//! Redis stores, and the verbs of a store by itself: what fails there is told to the caller.

use std::{future::Future, sync::Arc};

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

use super::{current, requests::Call};
use crate::{
    raw::call::{Args, Fault, Given},
    redis_store::{NativeRedis, RedisDriver, StoredValues},
    reply::Reply,
    slots::Slot,
};

/// What a store is made of, as the facade writes it.
#[derive(Deserialize)]
struct Described {
    address: Address,
    options: StoreOptions,
    limits: Told,
}

/// How much opening a payload may take.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    depth: usize,
    inflated_bytes: usize,
}

/// `createRedisStore(json)`: gives its id. It connects in the background.
#[expect(clippy::cast_precision_loss, reason = "ids are counted in a slab")]
pub(super) fn create(args: &Args) -> Result<Given, Fault> {
    let instance = current()?;
    let text = args.js().read_text(args.value(0))?;
    let Described { address, options, limits } = serde_json::from_str(&text)
        .map_err(|error| Fault(format!("the description of a Redis store: {error}")))?;
    let runtime = runtime::handle().map_err(|error| Fault(error.to_string()))?;
    let limits = Limits { depth: limits.depth, inflated_bytes: limits.inflated_bytes };
    let values = StoredValues(instance.reader.with_limits(limits));
    let store = RedisStore::open(runtime, address, options, Arc::new(values));
    let id = instance.redis_stores.borrow_mut().insert(store);
    Ok(Given::Number(id as f64))
}

/// `closeRedisStore(store)`: its operations fail from here on.
pub(super) fn close(args: &Args) -> Result<Given, Fault> {
    driver(args, 0)?.close();
    Ok(Given::Undefined)
}

/// `reopenRedisStore(store)`
pub(super) fn reopen(args: &Args) -> Result<Given, Fault> {
    driver(args, 0)?.reopen();
    Ok(Given::Undefined)
}

/// `releaseRedisStore(store)`: caches that stand on it keep its connection.
pub(super) fn release(args: &Args) -> Result<Given, Fault> {
    let released = current()?.redis_stores.borrow_mut().try_remove(args.u32(0)? as usize);
    drop(released);
    Ok(Given::Undefined)
}

pub(super) fn driver(args: &Args, index: usize) -> Result<RedisDriver, Fault> {
    let id = args.u32(index)? as usize;
    current()?.redis_stores.borrow().get(id).cloned().ok_or_else(|| Fault("no such Redis store".into()))
}

type Answered = Result<Reply, Failure<Slot>>;

/// Runs a verb on the Redis of a cache.
fn verb<F>(args: &Args, run: impl FnOnce(&Call, Arc<NativeRedis>) -> Result<F, Fault>) -> Result<Given, Fault>
where
    F: Future<Output = Answered> + 'static,
{
    let call = Call::of(args)?;
    let redis = call.native.redis.clone().ok_or_else(|| Fault("the cache has no Redis".into()))?;
    let answered = run(&call, redis)?;
    Ok(call.run(|_| Box::pin(async move { answered.await.unwrap_or_else(Reply::Failed) })))
}

/// A verb on a key.
fn on_key<F>(args: &Args, run: impl FnOnce(Arc<NativeRedis>, Key) -> F) -> Result<Given, Fault>
where
    F: Future<Output = Answered> + 'static,
{
    verb(args, |call, redis| Ok(run(redis, call.key(args)?)))
}

/// `storeGet(target, key)`
pub(super) fn get(args: &Args) -> Result<Given, Fault> {
    on_key(args, |redis, key| async move { Ok(Reply::of(redis.get(&key).await?.map(|found| found.value))) })
}

/// `storeSet(target, key, slot)`: for as long as the options of the call or of the store say.
pub(super) fn set(args: &Args) -> Result<Given, Fault> {
    verb(args, |call, redis| {
        let (key, ttl) = (call.key(args)?, call.settings().l2_ttl);
        let value = call.native.storage.adopt(args.u32(2)?, 0);
        Ok(async move {
            if ttl == Ttl::NONE {
                redis.delete(&key, None).await?;
                return Ok(Reply::Nothing);
            }
            let set = redis.set(&key, &value, ttl).await;
            if let Err(Failure::Unreadable(_)) = &set {
                // What was stored before is older than what its user wants there: nobody is to read it.
                drop(redis.delete(&key, None).await);
            }
            set.map(|()| Reply::Nothing)
        })
    })
}

/// `storeHas(target, key)`
pub(super) fn has(args: &Args) -> Result<Given, Fault> {
    on_key(args, |redis, key| async move { Ok(Reply::Flag(redis.has(&key).await?)) })
}

/// `storeDelete(target, key)`
pub(super) fn delete(args: &Args) -> Result<Given, Fault> {
    on_key(args, |redis, key| async move {
        redis.delete(&key, None).await?;
        Ok(Reply::Nothing)
    })
}

/// `storeDeleteByPattern(target, pattern)`
pub(super) fn delete_by_pattern(args: &Args) -> Result<Given, Fault> {
    on_key(args, |redis, key| async move {
        redis.delete_by_pattern(&Pattern::from_wtf8(key.as_bytes())).await?;
        Ok(Reply::Nothing)
    })
}

/// `storeSize(target)`
#[expect(clippy::cast_precision_loss, reason = "counts of entries fit 53 bits")]
pub(super) fn size(args: &Args) -> Result<Given, Fault> {
    verb(args, |_, redis| Ok(async move { Ok(Reply::Count(redis.size().await? as f64)) }))
}

/// `storeAcquireLock(target, key, token, ttlMs)`
pub(super) fn acquire_lock(args: &Args) -> Result<Given, Fault> {
    let token = args.js().read_text(args.value(2))?;
    let ttl = Ttl::from_millis_f64(args.number(3)?);
    on_key(args, |redis, key| async move {
        Ok(Reply::Flag(redis.acquire(LockOf { key: &key, stored: &key }, &token, ttl).await?))
    })
}

/// `storeReleaseLock(target, key, token)`
pub(super) fn release_lock(args: &Args) -> Result<Given, Fault> {
    let token = args.js().read_text(args.value(2))?;
    on_key(args, |redis, key| async move {
        redis.release(LockOf { key: &key, stored: &key }, &token).await?;
        Ok(Reply::Nothing)
    })
}

/// `storeInspect(target, cursor, limit, pattern, slot, values)`: shows each entry of a page to the visitor in the slot,
/// see `lib/redis/inspect.js`; the last call has the next cursor and the size.
pub(super) fn inspect(args: &Args) -> Result<Given, Fault> {
    let js = args.js();
    let cursor = Some(js.read_text(args.value(1))?).filter(|cursor| !cursor.is_empty());
    let limit = args.u32(2)?;
    let pattern = Pattern::from_wtf8(js.read_key(args.value(3))?.as_bytes());
    verb(args, |call, redis| {
        let visitor = call.native.storage.adopt(args.u32(4)?, 0);
        let values = args.u32(5)? != 0;
        Ok(async move {
            let page = redis.inspect(cursor, limit, pattern, values).await?;
            redis.values.show(&visitor, page)?;
            Ok(Reply::Nothing)
        })
    })
}
