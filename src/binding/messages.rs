//! Messages of other instances, from a user's own bus.

use std::time::Duration;

use lazy_layers_engine::{
    bus::{Body, Message, MessageKind},
    clock::Ttl,
    entry::pattern::Pattern,
    observe::event::GapReason,
    words::Word,
};

use super::requests::Call;
use crate::{
    contract::{Coded, Retry},
    raw::call::{Args, Fault, Given},
    reply::Reply,
};

/// `apply(cache, kind, keysOrPattern, id, source, stamped, generation, slot, ttlMs, weight, name)`: an id or
/// a name of "" and a generation or lifetime of NaN are those not given.
pub(super) fn apply(args: &Args) -> Result<Given, Fault> {
    let call = Call::of(args)?;
    let js = args.js();
    let body = match MessageKind::of(args.u32(1)?) {
        Some(MessageKind::Delete) => Body::Delete(js.read_keys(args.value(2))?),
        Some(MessageKind::Pattern) => {
            Body::Pattern(Pattern::from_wtf8(js.read_key(args.value(2))?.as_bytes()))
        }
        Some(MessageKind::Set) => {
            let value = call.native.storage.adopt(args.u32(7)?, args.u32(9).unwrap_or(0));
            let ttl = args.number(8)?;
            Body::Set {
                keys: js.read_keys(args.value(2))?,
                value,
                ttl: (!ttl.is_nan()).then(|| Ttl::from_millis_f64(ttl)),
            }
        }
        None => return Err(Fault("no such message".into())),
    };
    let given = |text: String| (!text.is_empty()).then_some(text);
    let message = Message {
        id: given(js.read_text(args.value(3))?),
        source: js.read_text(args.value(4))?,
        cache: given(js.read_text(args.value(10))?),
        stamped: whole(args.number(5)?).unwrap_or(0),
        generation: whole(args.number(6)?),
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

/// `heal(cache)`: messages may have been missed, for the subscription was lost for a while.
pub(super) fn heal(args: &Args) -> Result<Given, Fault> {
    let call = Call::of(args)?;
    let cache = call.native.cache.clone();
    Ok(call.run(|_| {
        Box::pin(async move {
            cache.heal(GapReason::Resubscribed, 0).await;
            Reply::Nothing
        })
    }))
}

/// `busTried(cache, what)`: about messages that were kept. Gives the milliseconds to wait, 0 for none; -1
/// when the cache is closed.
pub(super) fn tried(args: &Args) -> Result<Given, Fault> {
    let cache = &Call::of(args)?.native.cache;
    let what = Retry::of(args.u32(1)?).ok_or_else(|| Fault("no such retry".into()))?;
    if what != Retry::Ask {
        cache.bus_tried(what == Retry::Sent);
        return Ok(Given::Number(0.0));
    }
    Ok(Given::Number(match cache.bus_wait() {
        Err(_) => -1.0,
        Ok(None) => 0.0,
        Ok(Some(Duration::MAX)) => f64::INFINITY,
        Ok(Some(wait)) => (wait.as_secs_f64() * 1000.0).max(1.0),
    }))
}

/// A number as a count; what is none is not given.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is checked")]
fn whole(number: f64) -> Option<u64> {
    (number >= 0.0).then_some(number as u64)
}
