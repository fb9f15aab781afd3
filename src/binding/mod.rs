//! The functions that JavaScript calls: convert, call the engine, convert.
//!
//! [`setup`] makes environments, storages and caches · [`requests`] one function per verb · [`reports`]
//! what loaders and users' objects came to · [`messages`] events of other instances · [`redis`] stores and their
//! verbs · [`bus`] event buses · [`codec`] payloads of values that users pack themselves · [`breakers`]
//! circuit breakers of users' own · [`time`] the clock of the environment.

mod breakers;
mod bus;
mod codec;
mod messages;
mod redis;
mod reports;
mod requests;
mod setup;
mod time;

use std::rc::Rc;

use napi::{Env, JsValue, Result, bindgen_prelude::Object};
use napi_derive::napi;

use crate::{
    instance::{self, Instance},
    raw::call::{Fault, RawFunction, export},
};

#[napi(module_exports)]
fn register(exports: Object, env: Env) -> Result<()> {
    let functions: &[(&str, RawFunction)] = &[
        ("bridge", setup::bridge),
        ("setUp", setup::set_up),
        ("createStorage", setup::create_storage),
        ("attachStorage", setup::attach_storage),
        ("releaseStorage", setup::release_storage),
        ("replayNotes", setup::replay_notes),
        ("reportFreed", setup::report_freed),
        ("scan", setup::scan),
        ("createCache", setup::create_cache),
        ("derived", setup::derived),
        ("watchTurns", time::watch_turns),
        ("look", time::look),
        ("follow", time::follow),
        ("fakeTimers", time::fake_timers),
        ("timerFired", time::timer_fired),
        ("observe", setup::observe),
        ("closeCache", setup::close_cache),
        ("releaseCache", setup::release_cache),
        ("get", requests::get),
        ("getOrSet", requests::get_or_set),
        ("set", requests::set),
        ("tellLoaded", requests::tell_loaded),
        ("takeTicket", requests::take_ticket),
        ("returnTicket", requests::return_ticket),
        ("unset", requests::unset),
        ("has", requests::has),
        ("delete", requests::delete),
        ("deleteByPattern", requests::delete_by_pattern),
        ("size", requests::size),
        ("matches", requests::matches),
        ("loaded", reports::loaded),
        ("absent", reports::absent),
        ("failed", reports::failed),
        ("abandoned", reports::abandoned),
        ("loadedInFront", reports::loaded_in_front),
        ("markAbsent", reports::mark_absent),
        ("stayAlive", reports::stay_alive),
        ("reported", reports::reported),
        ("settle", reports::settle),
        ("submit", reports::submit),
        ("takeMessage", reports::take_message),
        ("apply", messages::apply),
        ("createRedisStore", redis::create),
        ("closeRedisStore", redis::close),
        ("reopenRedisStore", redis::reopen),
        ("releaseRedisStore", redis::release),
        ("storeGet", redis::get),
        ("storeSet", redis::set),
        ("storeHas", redis::has),
        ("storeDelete", redis::delete),
        ("storeDeleteByPattern", redis::delete_by_pattern),
        ("storeSize", redis::size),
        ("storeAcquireLock", redis::acquire_lock),
        ("storeReleaseLock", redis::release_lock),
        ("storeInspect", redis::inspect),
        ("heal", messages::heal),
        ("busTried", messages::tried),
        ("createBus", bus::create),
        ("releaseBus", bus::release),
        ("busConnect", bus::connect),
        ("busDisconnect", bus::disconnect),
        ("busPublish", bus::publish),
        ("busHealth", bus::health),
        ("busSubscribed", bus::subscribed),
        ("busListen", bus::listen),
        ("busUnlisten", bus::unlisten),
        ("busAttach", bus::attach),
        ("busHandled", bus::handled),
        ("seal", codec::seal),
        ("open", codec::open),
        ("createBreaker", breakers::create),
        ("releaseBreaker", breakers::release),
        ("breakerState", breakers::state),
        ("breakerCanCall", breakers::can_call),
        ("breakerRecord", breakers::record),
    ];
    for (name, function) in functions {
        if !export(env.raw(), exports.raw(), name, *function) {
            return Err(napi::Error::from_reason(format!("cannot export {name}")));
        }
    }
    Ok(())
}

fn current() -> std::result::Result<Rc<Instance>, Fault> {
    instance::current().ok_or_else(|| Fault("the environment is not set up, or has ended".into()))
}
