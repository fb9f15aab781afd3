//! Calls from the engine into users' own objects, by way of the facade.
//!
//! The facade calls the method, and reports what came of it under the number of the call, at once or
//! later.

use std::{cell::RefCell, future::Future};

use lazy_layers_engine::{clock::Ttl, entry::key::Key, value::Failure};
use slab::Slab;
use tokio::sync::oneshot;

use crate::{
    contract::{Coded, Target},
    instance,
    raw::js::{Js, JsValue},
    slots::Slot,
};

/// Which method of which object; `lib/adapter.js` has the same table.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub(crate) enum Method {
    Get = 0,
    Set = 1,
    Has = 2,
    Delete = 3,
    DeleteByPattern = 4,
    Size = 5,
    AcquireLock = 6,
    ReleaseLock = 7,
    SetIfOwner = 8,
    PublishDelete = 9,
    PublishPattern = 10,
    PublishSet = 11,
}

/// What a method came to.
pub(crate) enum HostAnswer {
    Nothing,
    /// A value, and what is left of its lifetime.
    Value(Slot, Ttl),
    Flag(bool),
    Number(f64),
}

type Reported = Result<HostAnswer, Failure<Slot>>;

/// Calls that have not been reported on.
#[derive(Default)]
pub(crate) struct HostCalls {
    waiting: RefCell<Slab<oneshot::Sender<Reported>>>,
}

impl HostCalls {
    /// The facade reports what a call came to. Dropped when nobody waits for it any more.
    pub(crate) fn report(&self, call: u32, reported: Reported) {
        let sender = self.waiting.borrow_mut().try_remove(call as usize);
        if let Some(sender) = sender {
            drop(sender.send(reported));
        }
    }

    /// Drops all calls: the environment ends.
    pub(crate) fn clear(&self) {
        drop(std::mem::take(&mut *self.waiting.borrow_mut()));
    }
}

/// Arguments of a call, beside the number it is reported under.
pub(crate) struct HostArgs<'a> {
    pub(crate) key: Option<&'a Key>,
    pub(crate) slot: Option<&'a Slot>,
    pub(crate) number: f64,
    pub(crate) texts: [Option<&'a str>; 2],
    pub(crate) numbers: [f64; 2],
}

impl HostArgs<'_> {
    pub(crate) const NONE: HostArgs<'static> =
        HostArgs { key: None, slot: None, number: 0.0, texts: [None, None], numbers: [0.0, 0.0] };
}

/// Calls a method now; what it comes to arrives with the future.
pub(crate) fn call(
    adapter: u32,
    target: Target,
    method: Method,
    args: &HostArgs<'_>,
) -> impl Future<Output = Reported> + Send + use<> {
    let receiver = instance::current().and_then(|instance| {
        let (sender, receiver) = oneshot::channel();
        let call = instance.host_calls.waiting.borrow_mut().insert(sender);
        let js = instance.js();
        let request = js.number(f64::from(instance.executor.working_for()));
        #[expect(clippy::cast_precision_loss, reason = "calls are counted in a slab")]
        let number = js.number(call as f64);
        let mut all = vec![request];
        all.extend(arguments(js, adapter, target, method, number, args));
        let taken = js.call(instance.functions.host, &all);
        // Whoever would report is garbage by now.
        let is_taken = taken.is_some_and(|taken| js.read_number(taken).is_ok());
        if !is_taken {
            instance.host_calls.waiting.borrow_mut().try_remove(call);
        }
        is_taken.then_some(receiver)
    });
    async move {
        let Some(receiver) = receiver else {
            return Err(Failure::Message("a user's object was called that nobody uses any more".into()));
        };
        receiver.await.unwrap_or_else(|_| Err(Failure::Message("the environment has ended".into())))
    }
}

/// Asks the facade something it can answer at once.
pub(crate) fn measure(adapter: u32, method: Method, args: &HostArgs<'_>) -> Option<f64> {
    let instance = instance::current()?;
    let js = instance.js();
    let values = arguments(js, adapter, Target::Bus, method, js.undefined(), args);
    let answer = js.call(instance.functions.measure, &values)?;
    js.read_number(answer).ok()
}

fn arguments(
    js: Js,
    adapter: u32,
    target: Target,
    method: Method,
    call: JsValue,
    args: &HostArgs<'_>,
) -> [JsValue; 11] {
    let text = |text: Option<&str>| text.map_or(js.undefined(), |text| js.text(text));
    [
        js.number(f64::from(adapter)),
        call,
        js.number(target.number() * 16.0 + f64::from(method as u8)),
        args.key.map_or(js.undefined(), |key| js.key(key)),
        js.number(f64::from(u8::from(args.key.is_some_and(Key::is_numeric)))),
        js.number(args.slot.map_or(-1.0, |slot| f64::from(slot.index()))),
        js.number(args.number),
        text(args.texts[0]),
        text(args.texts[1]),
        js.number(args.numbers[0]),
        js.number(args.numbers[1]),
    ]
}
