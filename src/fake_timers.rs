//! Timers of the engine while a user's tests have replaced `setTimeout`: the facade starts the replaced timers, and
//! reports their end.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    time::Duration,
};

use lazy_layers_engine::value::BoxFuture;
use tokio::sync::oneshot;

use crate::{
    env,
    raw::js::{Js, JsValue, JsWeakFunction},
};

/// In place of a time: the timer is no longer wanted.
const CANCELS: f64 = -1.0;

thread_local! {
    static TIMERS: FakeTimers = FakeTimers::default();
}

/// The timers that an environment's facade has started.
#[derive(Default)]
struct FakeTimers {
    /// Starts and cancels a timer. A function of the realm that saw the replaced timers, which it does not keep
    /// alive.
    start: RefCell<Option<JsWeakFunction>>,
    next: Cell<u32>,
    waiting: RefCell<HashMap<u32, oneshot::Sender<()>>>,
}

/// From here on a function starts the timers of this thread's environment; without one, tokio does again.
pub(crate) fn start_by(js: Js, start: Option<JsValue>) {
    let start = start.and_then(|function| js.keep_weakly(function).ok());
    if let Some(before) = TIMERS.with(|timers| timers.start.replace(start)) {
        js.forget(before);
    }
}

/// A timer is over.
pub(crate) fn fired(id: u32) {
    let sender = TIMERS.with(|timers| timers.waiting.borrow_mut().remove(&id));
    if let Some(sender) = sender {
        // If it fails, nothing waits for the timer any more.
        let _is_late = sender.send(());
    }
}

/// Drops all timers, as the environment ends.
pub(crate) fn clear() {
    TIMERS.with(|timers| {
        timers.start.take();
        drop(timers.waiting.take());
    });
}

impl FakeTimers {
    fn begin(&self, js: Js, time: Duration) -> Option<BoxFuture<'static, ()>> {
        let start = self.start()?;
        let id = self.next.get();
        self.next.set(id.wrapping_add(1));
        let (sender, receiver) = oneshot::channel();
        self.waiting.borrow_mut().insert(id, sender);
        let timer = Timer(id);
        let millis = (time.as_secs_f64() * 1000.0).ceil();
        js.call_weak(start, &[js.number(f64::from(id)), js.number(millis)])?;
        Some(Box::pin(async move {
            let _cancelled = timer;
            if receiver.await.is_err() {
                std::future::pending::<()>().await;
            }
        }))
    }

    fn start(&self) -> Option<JsWeakFunction> {
        *self.start.borrow()
    }
}

/// Cancelled when it is dropped before its end.
struct Timer(u32);

impl Drop for Timer {
    fn drop(&mut self) {
        let was_waiting = TIMERS.with(|timers| timers.waiting.borrow_mut().remove(&self.0).is_some());
        let start = TIMERS.with(FakeTimers::start).filter(|_| was_waiting);
        if let (Some(start), Some(env)) = (start, env::current()) {
            let js = env.js();
            js.call_weak(start, &[js.number(f64::from(self.0)), js.number(CANCELS)]);
        }
    }
}

/// A timer that the facade of this thread's environment starts; none if timers are not replaced, and on other
/// threads.
pub(crate) fn sleep(time: Duration) -> Option<BoxFuture<'static, ()>> {
    let env = env::current()?;
    TIMERS.with(|timers| timers.begin(env.js(), time))
}
