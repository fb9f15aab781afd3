//! The results of loaders, custom stores and custom buses.

use std::rc::Rc;

use lazy_layers_drivers::held;
use lazy_layers_engine::{
    clock::Time,
    entry::key::Key,
    load::{
        CameTo, Loaded,
        directives::{self, Directives},
    },
    value::Failure,
};

use super::requests::Call;
use crate::{
    contract::{self, Report, Verdict},
    instance::{Instance, NativeCache},
    js_calls::{self, JsResult},
    memory::Slot,
    memory::Storage,
    raw::call::Fault,
    reply::{Answer, Reply},
};

/// The loader returned a value.
pub(crate) fn loaded(call: Call, request: u32, slot: u32, weight: u32) -> Result<Answer, Fault> {
    let value = call.native.storage.adopt(slot, weight);
    Ok(resume(&call, request, Ok(Some(value)).into()))
}

/// The loader found nothing.
pub(crate) fn absent(call: Call, request: u32) -> Result<Answer, Fault> {
    Ok(resume(&call, request, Ok(None).into()))
}

/// The loader threw the error in the slot.
pub(crate) fn failed(call: Call, request: u32, slot: u32) -> Result<Answer, Fault> {
    let thrown = call.native.storage.adopt(slot, 0);
    Ok(resume(&call, request, Err(thrown).into()))
}

/// The outcome of a loader that gave directives: those that are options are in the params, with those of its call.
pub(crate) fn directed(
    call: Call,
    request: u32,
    came_to: contract::Loaded,
    slot: u32,
    weight: u32,
    verdict: Verdict,
) -> Result<Answer, Fault> {
    let came_to = outcome(&call, came_to, slot, weight);
    Ok(resume(&call, request, call.directed(came_to, verdict)))
}

fn outcome(call: &Call, came_to: contract::Loaded, slot: u32, weight: u32) -> CameTo<Slot> {
    let adopt = || call.native.storage.adopt(slot, weight);
    match came_to {
        contract::Loaded::Value => Ok(Some(adopt())),
        contract::Loaded::Nothing => Ok(None),
        contract::Loaded::Error => Err(adopt()),
    }
}

impl Call {
    /// An outcome with the directives of this call.
    fn directed(&self, came_to: CameTo<Slot>, verdict: Verdict) -> Loaded<Slot> {
        let verdict = match verdict {
            Verdict::Keep => directives::Verdict::Keep,
            Verdict::Skip => directives::Verdict::Skip,
            Verdict::Extend => directives::Verdict::Extend,
        };
        Loaded { came_to, directives: Some(Box::new(Directives { settings: self.settings(), verdict })) }
    }
}

/// The loader was not called, as many others run. The error in the slot says so.
pub(crate) fn refused(call: Call, request: u32, slot: u32) -> Result<Answer, Fault> {
    let error = call.native.storage.adopt(slot, 0);
    let Some(request) = call.instance.executor.request(request) else {
        return Ok(call.reply_with(Reply::Answered));
    };
    request.refused(error);
    Ok(poll(&call, request.id()))
}

/// A load finds as many loaders running as may, and room to wait or none. Returns whether it is to wait.
pub(crate) fn load_limited(call: Call, key: Key, has_room: bool) -> Result<bool, Fault> {
    Ok(call.native.cache.limited(&call.key(key), &call.settings(), has_room))
}

/// The caller already has another answer; the outcome of the loader is not wanted.
pub(crate) fn abandoned(call: Call, request: u32) -> Result<Answer, Fault> {
    call.instance.executor.cancel(request);
    Ok(call.reply_with(Reply::Nothing))
}

/// Ends a load that JavaScript led: the time at which it began, its outcome, whether something invalidated its key
/// meanwhile, and the directives of its loader.
pub(crate) fn finish_load(
    call: Call,
    key: Key,
    started: f64,
    came_to: contract::Loaded,
    slot: u32,
    overtaken: bool,
    verdict: Verdict,
) -> Result<Answer, Fault> {
    let key = call.key(key);
    let came_to = outcome(&call, came_to, slot, 0);
    let is_directed = verdict != Verdict::Keep || call.has_options();
    let loaded = if is_directed { call.directed(came_to, verdict) } else { came_to.into() };
    let started = Time::from_millis_f64(started);
    let NativeCache { cache, settings, .. } = &*call.native;
    Ok(call.run_now(async { cache.finish_load(&key, settings, started, overtaken, loaded).await.into() }))
}

/// Lets the slot, whose value stands for absence, answer a key for which a loader found nothing. Returns whether the
/// absence is remembered.
pub(crate) fn mark_absent(call: Call, key: Key, slot: u32) -> Result<bool, Fault> {
    let mark = call.native.storage.adopt(slot, 0);
    Ok(call.native.cache.mark_absent(&call.key(key), mark))
}

/// Whether loads that JavaScript leads keep the process alive.
pub(crate) fn stay_alive(instance: Rc<Instance>, stays: bool) -> Result<(), Fault> {
    instance.stay_alive(stays);
    Ok(())
}

fn resume(call: &Call, id: u32, loaded: Loaded<Slot>) -> Answer {
    let Some(request) = call.instance.executor.request(id) else { return call.reply_with(Reply::Answered) };
    request.loaded(loaded);
    poll(call, id)
}

/// Goes on with a request whose loader has ended.
fn poll(call: &Call, id: u32) -> Answer {
    let polled = call.instance.executor.poll(id);
    call.answer(id, polled)
}

/// Takes the result of a method of a custom store or bus. The cache may be gone by then.
pub(crate) fn reported(
    instance: Rc<Instance>,
    storage: Rc<Storage>,
    js_call: u32,
    report: Report,
    argument: f64,
    weight: u32,
) -> Result<(), Fault> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a slot")]
    let adopt = || storage.adopt(argument as u32, weight);
    let reported = match report {
        Report::Nothing => Ok(JsResult::Nothing),
        Report::Value => Ok(JsResult::Value(adopt())),
        Report::Flag => Ok(JsResult::Flag(argument != 0.0)),
        Report::Number => Ok(JsResult::Number(argument)),
        Report::Thrown => Err(Failure::Thrown(adopt())),
    };
    js_calls::report(js_call, reported);
    instance.leave();
    storage.report_freed();
    Ok(())
}

/// Delivers events and late answers.
pub(crate) fn settle(instance: Rc<Instance>) -> Result<(), Fault> {
    instance.settle();
    Ok(())
}

/// Sends what waits for the end of the job: operations on stores, and loaded values.
pub(crate) fn submit() -> Result<(), Fault> {
    held::release();
    Ok(())
}

/// Returns the message of a failure, once.
pub(crate) fn take_message(instance: Rc<Instance>, message: u32) -> Result<String, Fault> {
    Ok(instance.take_message(message))
}
