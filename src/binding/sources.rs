//! `peek`, and the sources of answers, which callers ask for in their calls.

use std::{rc::Rc, sync::Arc, sync::atomic::AtomicU64, time::Duration};

use lazy_layers_engine::{clock::Ttl, entry::key::Key, options::source::SourceCell, value::Value};

use super::{arguments::Array, requests::Call};
use crate::{
    contract::times,
    instance::Instance,
    raw::{
        call::Fault,
        js::{Js, JsValue},
    },
};

/// The slot of the value that the memory layer has for a key, with the times of its entry; -1 without an entry.
/// Changes nothing.
pub(crate) fn peek(call: Call, key: Key, into: Array<AtomicU64>) -> Result<f64, Fault> {
    let held = call.native.cache.peek(&key).filter(|held| held.value.realize().is_ok());
    Ok(held.map_or(-1.0, |held| {
        write(&into, (!held.is_taken_over).then_some(held.age), Some(held.lifetime_left()));
        f64::from(held.value.index())
    }))
}

/// The slot of the value that a load of a key replaces, with its age; -1 if none is known. Calls `visit(of, text)`
/// with its etag, its version and its tags. Changes nothing.
pub(crate) fn stale_of(
    js: Js,
    call: Call,
    key: Key,
    into: Array<AtomicU64>,
    visit: JsValue,
) -> Result<f64, Fault> {
    let Some(stale) = call.native.cache.stale_of(&call.key(key), &call.settings()) else { return Ok(-1.0) };
    write(&into, Some(stale.age), None);
    if let Some(etag) = &stale.etag {
        js.call_value(visit, &[js.text("etag"), js.text(etag)]);
    }
    if let Some(version) = &stale.version {
        js.call_value(visit, &[js.text("version"), js.text(version.name())]);
    }
    for tag in stale.tags.iter().flat_map(|tags| tags.iter()) {
        js.call_value(visit, &[js.text("tag"), js.key(tag)]);
    }
    Ok(f64::from(stale.value.index()))
}

/// Asks for the source of an answer. Returns a number, which goes with the options of the call.
pub(crate) fn ask(instance: Rc<Instance>) -> Result<usize, Fault> {
    Ok(instance.sources.borrow_mut().insert(Arc::new(SourceCell::default())))
}

/// The code of the source of an answer, with the times of its value; -1 if there is none. The number under which it
/// was asked for is free afterwards.
pub(crate) fn take(instance: Rc<Instance>, source: usize, into: Array<AtomicU64>) -> Result<f64, Fault> {
    let cell = instance.sources.borrow_mut().try_remove(source);
    Ok(cell.and_then(|cell| cell.known()).map_or(-1.0, |known| {
        write(&into, known.age, known.left);
        f64::from(known.source as u8)
    }))
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of 285 years fit 53 bits")]
fn write(into: &Array<AtomicU64>, age: Option<Duration>, left: Option<Ttl>) {
    into.memory.store(times::AGE, age.map_or(f64::NAN, |age| age.as_micros() as f64 / 1000.0));
    into.memory.store(times::LEFT, left.map_or(f64::NAN, Ttl::as_millis_f64));
}
