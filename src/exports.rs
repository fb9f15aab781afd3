//! The functions that JavaScript calls: a row for each, with the names of its arguments. They are a part of the
//! contract ([`crate::contract`]).
//!
//! Types follow from the functions. The compiler reports a missing function, and the generator of
//! `lib/contract/raw.d.ts` checks the number of arguments.

use napi::{Env, JsValue, Result, bindgen_prelude::Object};
use napi_derive::napi;

use crate::{
    binding::{
        Export, Exported, breakers, bus, codec, log, messages, observe, redis, reports, requests, session,
        setup, sources, stats, time,
    },
    raw::call::export,
};

#[napi(module_exports)]
fn register(exports: Object, env: Env) -> Result<()> {
    for Exported { name, function, .. } in EXPORTS {
        if !export(env.raw(), exports.raw(), name, *function) {
            return Err(napi::Error::from_reason(format!("cannot export {name}")));
        }
    }
    Ok(())
}

/// Declares exports: the name, its arguments, the function.
macro_rules! exports {
    ($($name:ident($($argument:ident),*) = $function:path;)+) => {
        /// The exports.
        pub(crate) const EXPORTS: &[Exported] = &[$(Exported {
            name: stringify!($name),
            function: |args| Export::call($function, args),
            #[cfg(test)]
            arguments: &[$(stringify!($argument)),*],
            #[cfg(test)]
            types: || Export::types(&$function),
        },)+];
    };
}

exports! {
    bridge(addon) = setup::bridge;
    setUp(bridge, functions, arrays) = setup::set_up;
    createStorage(hasMemory) = setup::create_storage;
    attachStorage(storage, words, journal, lengths, uses, text) = setup::attach_storage;
    releaseStorage(storage) = setup::release_storage;
    drainJournal(storage, victims) = setup::drain;
    reportFreed(storage) = setup::report_freed;
    scan(storage, cursor, limit, pattern, visit) = setup::scan;
    createCache(adapter, storage, layers, redisStore, bus, counted, isListed) = setup::create_cache;
    derived(cache, which) = setup::derived;
    observe(cache, interest) = setup::observe;
    skip(cache, layers) = setup::skip;
    hears(cache) = setup::hears;
    restore(cache, key, slot, weight, left, tags) = setup::restore;
    closeCache(cache, clearMemory) = setup::close_cache;
    releaseCache(cache) = setup::release_cache;
    stats(cache, numbers) = stats::stats;
    shareMirror(cache, wasAlone) = stats::share_mirror;
    processStats(numbers, visit) = stats::process_stats;
    processTotals(numbers, visit) = stats::process_totals;
    watchTurns(canBeTold) = time::watch_turns;
    look(hits) = time::look;
    follow(shows, wouldShow, isWall) = time::follow;
    fakeTimers(start) = time::fake_timers;
    timerFired(timer) = time::timer_fired;
    get(call, key) = requests::get;
    getMany(call, keys, lengths) = requests::get_many;
    takeValues(values, slots) = requests::take_values;
    getOrSet(call, key) = requests::get_or_set;
    takeRefreshed(call, request) = requests::take_refreshed;
    set(call, key, slot, weight) = requests::set;
    broadcastLoaded(call, key, slot) = requests::broadcast_loaded;
    takeTicket(call, key) = requests::take_ticket;
    returnTicket(call, ticket) = requests::return_ticket;
    unset(call, key) = requests::unset;
    has(call, key) = requests::has;
    delete(call, key) = requests::delete;
    deleteMany(call, keys, lengths) = requests::delete_many;
    expire(call, key) = requests::expire;
    deleteByPattern(call, pattern) = requests::delete_by_pattern;
    expireByPattern(call, pattern) = requests::expire_by_pattern;
    deleteByTag(call, tags) = requests::delete_by_tag;
    expireByTag(call, tags) = requests::expire_by_tag;
    tags(call, visit) = requests::tags;
    tagsOf(call, key, visit) = requests::tags_of;
    size(call) = requests::size;
    sizeByPattern(call, pattern) = requests::size_by_pattern;
    peek(call, key, times) = sources::peek;
    staleOf(call, key, times, visit) = sources::stale_of;
    askSource() = sources::ask;
    takeSource(source, times) = sources::take;
    matches(pattern, key) = requests::matches;
    loaded(call, request, slot, weight) = reports::loaded;
    absent(call, request) = reports::absent;
    failed(call, request, slot) = reports::failed;
    refused(call, request, slot) = reports::refused;
    loadLimited(call, key, hasRoom) = reports::load_limited;
    abandoned(call, request) = reports::abandoned;
    directed(call, request, cameTo, slot, weight, verdict) = reports::directed;
    finishLoad(call, key, started, cameTo, slot, overtaken, verdict) = reports::finish_load;
    markAbsent(call, key, slot) = reports::mark_absent;
    stayAlive(stays) = reports::stay_alive;
    reported(storage, jsCall, report, argument, weight) = reports::reported;
    settle() = reports::settle;
    submit() = reports::submit;
    takeMessage(message) = reports::take_message;
    apply(call, kind, keysOrPattern, id, source, cache, ts, generation, ttlMs, slot, weight, publisher, sequence,
        seen, expires, about) = messages::apply;
    busTried(call, what) = messages::tried;
    createRedisStore(description, owner) = redis::create;
    renewRedisStore(store) = redis::renew;
    redisAnswer(question, answer) = redis::answer;
    closeRedisStore(store) = redis::close;
    reopenRedisStore(store) = redis::reopen;
    releaseRedisStore(store) = redis::release;
    storeGet(call, key) = redis::get;
    storeSet(call, key, slot) = redis::set;
    storeHas(call, key) = redis::has;
    storeDelete(call, key) = redis::delete;
    storeDeleteByPattern(call, pattern) = redis::delete_by_pattern;
    storeSize(call) = redis::size;
    storeAcquireLock(call, key, token, ttlMs) = redis::acquire_lock;
    storeReleaseLock(call, key, token) = redis::release_lock;
    storeInspect(call, cursor, limit, pattern, visitor, values) = redis::inspect;
    storeLook(call, key, visitor) = redis::look;
    createBus(description, owner) = bus::create;
    releaseBus(bus) = bus::release;
    leaveBuses() = bus::leave_all;
    busConnect(call, bus) = bus::connect;
    busDisconnect(call, bus) = bus::disconnect;
    busPublish(call, bus, bytes, isJson, mustArrive) = bus::publish;
    busHealth(call, bus) = bus::health;
    busSubscribed(call, bus) = bus::subscribed;
    busListen(bus, owner, subscription) = bus::listen;
    busAttach(call, bus, adapter) = bus::attach;
    busHandled(delivery, well) = bus::handled;
    sessionDone(step, count, place) = session::done;
    sessionFailed(step, count, reason, isRefused) = session::failed;
    sessionReceived(session, bytes, arrival, delivery) = session::received;
    sessionNews(session, news, text) = session::news;
    seal(bytes) = codec::seal;
    open(payload, maxDepth, maxBytes) = codec::open;
    createBreaker(enabled, failureThreshold, cooldownMs) = breakers::create;
    releaseBreaker(breaker) = breakers::release;
    breakerState(breaker) = breakers::state;
    breakerCanCall(breaker) = breakers::can_call;
    breakerRecord(breaker, success) = breakers::record;
    logStart(filter) = log::start;
    logFlush() = log::flush;
    obsCreateRouter(options) = observe::create_router;
    obsReleaseRouter(router) = observe::release_router;
    obsDecide(router, ask) = observe::decide;
    obsHtml(prefix) = observe::html;
    obsFile(file, brotli) = observe::file;
    obsExposition(prefix, numbers) = observe::exposition;
    obsProcessMetrics(prefix) = observe::process_metrics;
    obsTree(storage, prefix, delimiter, limit) = observe::tree;
    obsExplain(cache, key, visit) = observe::explain;
    obsCacheId(cache) = observe::cache_id;
    obsDescribe(cache) = observe::describe;
    obsSource(cache) = observe::source;
    obsCircuits(cache) = observe::circuits;
    obsLookUp(what, seat, cache, node) = observe::look_up;
    obsAsk(call, cache, what, params) = observe::ask;
    obsAttach(cache, about, answers, durations) = observe::attach;
    obsDetach(seat) = observe::detach;
    obsAnswer(question, status, body) = observe::answer;
    obsListen(seat, wanted) = observe::listen;
    obsStop(server) = observe::stop;
    obsDisconnect(server) = observe::disconnect;
    obsConnections(server) = observe::connections;
}
