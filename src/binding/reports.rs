//! What loaders and users' objects came to.

use lazy_layers_drivers::redis::send_held;
use lazy_layers_engine::{
    clock::{Time, Ttl},
    load::Loaded,
    value::Failure,
};

use super::{current, requests::Call, setup::storage};
use crate::{
    contract::{self, Coded, Report},
    host::HostAnswer,
    instance::NativeCache,
    raw::call::{Args, Fault, Given},
    reply::Reply,
    slots::Slot,
};

/// `loaded(cache, request, slot, weight)`: the loader gave a value.
pub(super) fn loaded(args: &Args) -> Result<Given, Fault> {
    let call = Call::of(args)?;
    let value = slot(&call, args)?;
    resume(&call, args, Ok(Some(value)))
}

/// `absent(cache, request)`: the loader found nothing.
pub(super) fn absent(args: &Args) -> Result<Given, Fault> {
    resume(&Call::of(args)?, args, Ok(None))
}

/// `failed(cache, request, slot)`: the loader threw what is in the slot.
pub(super) fn failed(args: &Args) -> Result<Given, Fault> {
    let call = Call::of(args)?;
    let thrown = slot(&call, args)?;
    resume(&call, args, Err(thrown))
}

/// `abandoned(cache, request)`: the caller was answered otherwise; what the loader comes to is not wanted.
pub(super) fn abandoned(args: &Args) -> Result<Given, Fault> {
    let call = Call::of(args)?;
    call.instance.executor.cancel(args.u32(1)?);
    Ok(call.give(Reply::Nothing))
}

/// `loadedInFront(cache, key, started, cameTo, slot, overtaken)`: a load that JavaScript led began at that
/// time and came to that; whether something invalidated its key meanwhile.
pub(super) fn loaded_in_front(args: &Args) -> Result<Given, Fault> {
    let call = Call::of(args)?;
    let key = call.key(args)?;
    let started = Time::from_millis_f64(args.number(2)?);
    let adopt = || -> Result<Slot, Fault> { Ok(call.native.storage.adopt(args.u32(4)?, 0)) };
    let loaded = match contract::Loaded::of(args.u32(3)?) {
        Some(contract::Loaded::Value) => Ok(Some(adopt()?)),
        Some(contract::Loaded::Nothing) => Ok(None),
        Some(contract::Loaded::Error) => Err(adopt()?),
        None => return Err(Fault("no such end of a load".into())),
    };
    let overtaken = args.u32(5)? == 1;
    let NativeCache { cache, settings, .. } = &*call.native;
    Ok(call.run_now(async { cache.conclude(&key, settings, started, overtaken, loaded).await.into() }))
}

/// `markAbsent(cache, key, slot)`: has the slot, whose value is nothing, answer a key for which a loader
/// found nothing. Gives 1, or 0 when that is not remembered.
pub(super) fn mark_absent(args: &Args) -> Result<Given, Fault> {
    let call = Call::of(args)?;
    let key = call.key(args)?;
    let mark = call.native.storage.adopt(args.u32(2)?, 0);
    Ok(Given::Number(f64::from(u8::from(call.native.cache.mark_absent(&key, mark)))))
}

/// `stayAlive(whether)`: whether loads that JavaScript leads keep the process alive.
pub(super) fn stay_alive(args: &Args) -> Result<Given, Fault> {
    current()?.stay_alive(args.u32(0)? == 1);
    Ok(Given::Undefined)
}

fn resume(call: &Call, args: &Args, loaded: Loaded<Slot>) -> Result<Given, Fault> {
    let id = args.u32(1)?;
    if let Some(load) = call.instance.executor.take_load(id) {
        return Ok(call.run_now(async { load.finish(loaded).await.into() }));
    }
    let Some(request) = call.instance.executor.request(id) else { return Ok(call.give(Reply::Answered)) };
    request.loaded(loaded);
    drop(request);
    let polled = call.instance.executor.poll(id);
    Ok(call.answer(id, polled))
}

/// `reported(storage, hostCall, code, argument, weight, leftMs)`: what a method of a user's object came to.
/// The cache may be gone by then.
pub(super) fn reported(args: &Args) -> Result<Given, Fault> {
    let instance = current()?;
    let storage = storage(args)?;
    let adopt = || -> Result<Slot, Fault> { Ok(storage.adopt(args.u32(3)?, args.u32(4).unwrap_or(0))) };
    let left = || Ttl::from_millis_f64(args.number(5).unwrap_or(0.0));
    let reported = match Report::of(args.u32(2)?) {
        Some(Report::Nothing) => Ok(HostAnswer::Nothing),
        Some(Report::Value) => Ok(HostAnswer::Value(adopt()?, left())),
        Some(Report::Flag) => Ok(HostAnswer::Flag(args.u32(3)? == 1)),
        Some(Report::Number) => Ok(HostAnswer::Number(args.number(3)?)),
        Some(Report::Thrown) => Err(Failure::Thrown(adopt()?)),
        Some(Report::Unreadable) => Err(Failure::Unreadable(Box::new(Failure::Thrown(adopt()?)))),
        None => return Err(Fault("no such report".into())),
    };
    instance.host_calls.report(args.u32(1)?, reported);
    instance.leave();
    storage.report_freed();
    Ok(Given::Undefined)
}

/// `settle()`: tells and answers what has come up.
pub(super) fn settle(_: &Args) -> Result<Given, Fault> {
    current()?.settle();
    Ok(Given::Undefined)
}

/// `submit()`: sends the operations on stores that wait.
pub(super) fn submit(_: &Args) -> Result<Given, Fault> {
    send_held();
    Ok(Given::Undefined)
}

/// `takeMessage(message)`: a failure in words.
pub(super) fn take_message(args: &Args) -> Result<Given, Fault> {
    Ok(Given::Text(current()?.take_message(args.u32(0)?)))
}

fn slot(call: &Call, args: &Args) -> Result<Slot, Fault> {
    Ok(call.native.storage.adopt(args.u32(2)?, args.u32(3).unwrap_or(0)))
}
