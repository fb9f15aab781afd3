//! Calls of custom stores and buses by the engine, through the facade.
//!
//! The facade calls the method, and reports the result under the number of the call, at once or later.

use std::{cell::RefCell, future::Future};

use lazy_layers_engine::{bus::Message, value::Failure};
use slab::Slab;
use tokio::sync::oneshot;

use crate::{
    behalf,
    contract::{Coded, Target, methods::Invocation},
    crossing::push_message,
    env,
    memory::Slot,
};

/// The result of a method.
pub(crate) enum JsResult {
    Nothing,
    /// A value.
    Value(Slot),
    Flag(bool),
    Number(f64),
}

type Reported = Result<JsResult, Failure<Slot>>;

thread_local! {
    /// Calls whose result was not reported yet; none where no environment can be called, as one that ends.
    static WAITING: RefCell<Option<Slab<oneshot::Sender<Reported>>>> = const { RefCell::new(None) };
}

/// Objects of users may be called from here on.
pub(crate) fn begin() {
    WAITING.set(Some(Slab::new()));
}

/// Acts on the calls, unless no environment can be called, or the thread ends.
fn waiting<T>(act: impl FnOnce(&mut Slab<oneshot::Sender<Reported>>) -> T) -> Option<T> {
    WAITING.try_with(|waiting| waiting.borrow_mut().as_mut().map(act)).ok().flatten()
}

/// Takes the result of a call. It is dropped if no request waits for it any more.
pub(crate) fn report(call: u32, reported: Reported) {
    if let Some(sender) = waiting(|waiting| waiting.try_remove(call as usize)).flatten() {
        drop(sender.send(reported));
    }
}

/// Drops all calls, as the environment ends. No object is called from here on: what is dropped later may still ask for
/// that.
pub(crate) fn clear() {
    drop(WAITING.take());
}

/// Calls a method now; the future resolves with its result.
pub(crate) fn call(
    adapter: u32,
    target: Target,
    method: &Invocation<'_>,
) -> impl Future<Output = Reported> + Send + use<> {
    let (sender, receiver) = oneshot::channel();
    let entered = waiting(|waiting| waiting.insert(sender));
    let receiver = entered.and_then(|call| {
        let env = env::current()?;
        let js = env.js();
        #[expect(clippy::cast_precision_loss, reason = "calls are counted in a slab")]
        let call_number = call as f64;
        let request = f64::from(behalf::current());
        let head = [request, f64::from(adapter), call_number, target.number(), method.number()];
        let mut args = head.map(|number| js.number(number)).to_vec();
        method.push(js, &mut args);
        let taken = js.call(env.functions.call, &args);
        // The adapter that would report is garbage by now.
        let is_taken = taken.is_some_and(|taken| js.read_number(taken).is_ok());
        if !is_taken {
            drop(waiting(|waiting| waiting.try_remove(call)));
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

/// The size of a message in the encoding of a custom bus, which the facade returns at once.
pub(crate) fn measure(adapter: u32, message: &Message<Slot>) -> Option<f64> {
    let env = waiting(|_| env::current()).flatten()?;
    let js = env.js();
    let mut args = vec![js.number(f64::from(adapter))];
    push_message(message, false, &mut |crossing| args.push(crossing.value(js)));
    let answer = js.call(env.functions.measure, &args)?;
    js.read_number(answer).ok()
}
