//! Messages of other instances, from a custom event bus.

use std::time::Duration;

use lazy_layers_engine::{
    bus::{Body, Message, MessageKind, SeenNumbers, wire::Number},
    clock::Ttl,
    entry::{pattern::Pattern, version::Version},
};

use super::requests::Call;
use crate::{
    contract::Retry,
    raw::{
        call::Fault,
        js::{Js, JsValue},
    },
    reply::{Answer, Reply},
};

/// Applies a message: its keys are an array, its pattern is a text; a generation or lifetime of NaN is not
/// given. `publisher`, `sequence`, `seen` and `expires` are fields that the sender's cache wrote for this one, and so
/// are `tags`, `etag` and `version` of `about`; with a version a delete is an extension of its keys.
#[expect(clippy::too_many_arguments, reason = "a message has as many fields")]
pub(crate) fn apply(
    js: Js,
    call: Call,
    kind: MessageKind,
    keys_or_pattern: JsValue,
    id: Option<String>,
    source: String,
    cache: Option<String>,
    ts: f64,
    generation: f64,
    ttl_ms: f64,
    slot: u32,
    weight: u32,
    publisher: Option<String>,
    sequence: f64,
    seen: Option<String>,
    expires: bool,
    about: JsValue,
) -> Result<Answer, Fault> {
    let text = |name| {
        let value = js.property(about, name)?;
        if js.is_undefined(value) { Ok(None) } else { js.read_text(value).map(Some) }
    };
    let (etag, version) = (text("etag")?, text("version")?);
    let ttl = (!ttl_ms.is_nan()).then(|| Ttl::from_millis_f64(ttl_ms));
    let body = match kind {
        MessageKind::Delete if let Some(version) = version => {
            Body::Extend { keys: js.read_keys(keys_or_pattern)?, version: Version::named(&version), ttl }
        }
        MessageKind::Delete => Body::Delete(js.read_keys(keys_or_pattern)?),
        MessageKind::Pattern => Body::Pattern(Pattern::from_wtf8(js.read_key(keys_or_pattern)?.as_bytes())),
        MessageKind::Set => Body::Set {
            value: call.native.storage.adopt(slot, weight),
            keys: js.read_keys(keys_or_pattern)?,
            ttl,
        },
    };
    let (stamped, generation) = (whole(ts).unwrap_or(0), whole(generation));
    let number = publisher.zip(whole(sequence)).map(|(publisher, sequence)| Number { publisher, sequence });
    let seen = seen.map(|text| SeenNumbers::from_hex(text.as_bytes()));
    let (tags, etag, is_redelivered) =
        (js.read_keys(js.property(about, "tags")?)?, etag.map(Into::into), false);
    let message = Message {
        id,
        source,
        cache,
        stamped,
        generation,
        number,
        seen,
        tags,
        etag,
        expires,
        is_redelivered,
        body,
    };
    let cache = call.native.cache.clone();
    Ok(call.run(|_| {
        Box::pin(async move {
            cache.apply(message).await;
            Reply::Nothing
        })
    }))
}

/// Reports a try to send kept messages, or asks for one. Returns the milliseconds to wait, 0 for none; -1 if the
/// cache is closed.
pub(crate) fn tried(call: Call, what: Retry) -> Result<f64, Fault> {
    let cache = &call.native.cache;
    if what != Retry::Ask {
        cache.bus_tried(what == Retry::Sent);
        return Ok(0.0);
    }
    Ok(match cache.bus_wait() {
        Err(_) => -1.0,
        Ok(None) => 0.0,
        Ok(Some(Duration::MAX)) => f64::INFINITY,
        Ok(Some(wait)) => (wait.as_secs_f64() * 1000.0).max(1.0),
    })
}

/// A number as a count; any other number counts as not given.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is checked")]
fn whole(number: f64) -> Option<u64> {
    (number >= 0.0).then_some(number as u64)
}
