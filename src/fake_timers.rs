//! Timers of the engine where a user's tests have replaced `setTimeout`: the facade starts those, and reports
//! their end.

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

/// In the place of a time: the timer is not wanted any more.
const CANCELS: f64 = -1.0;

thread_local! {
    static TIMERS: FakeTimers = FakeTimers::default();
}

/// The timers that an environment's facade has started.
#[derive(Default)]
struct FakeTimers {
    /// Starts and cancels a timer. It is of the realm that saw the replaced timers, and does not keep that alive.
    start: RefCell<Option<JsWeakFunction>>,
    next: Cell<u32>,
    waiting: RefCell<HashMap<u32, oneshot::Sender<()>>>,
}

/// Has timers of this thread's environment be started by a function from here on; by tokio again without one.
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
        // If it fails, nothing waits any more.
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

/// A timer that the facade of this thread's environment starts; none where timers are not replaced, and on
/// other threads.
pub(crate) fn sleep(time: Duration) -> Option<BoxFuture<'static, ()>> {
    let env = env::current()?;
    TIMERS.with(|timers| timers.begin(env.js(), time))
}
