//! One request: the waker of its future, and the way to its loader.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{self, Context, Poll},
};

use lazy_layers_engine::{
    clock::Ttl,
    load::{Caller, LoadId, Loaded},
};
use parking_lot::Mutex;

use crate::{executor::Ready, slots::Slot};

/// A request under way.
pub(crate) struct Request {
    id: LoadId,
    ready: Arc<Ready>,
    queued: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    signals: Signals,
    loaded: Option<Loaded<Slot>>,
}

/// What the facade has to do for a request that is not over yet.
#[derive(Default)]
pub(crate) struct Signals {
    /// Call the loader.
    pub(crate) load: bool,
    /// Abort the loader's signal: it has passed this limit.
    pub(crate) abort: Option<Ttl>,
    /// Answer the caller with this value.
    pub(crate) early: Option<Slot>,
}

impl Request {
    pub(crate) fn new(id: LoadId, ready: Arc<Ready>) -> Arc<Request> {
        Arc::new(Request { id, ready, queued: AtomicBool::new(false), state: Mutex::default() })
    }

    /// What the loader came to.
    pub(crate) fn loaded(&self, loaded: Loaded<Slot>) {
        self.state.lock().loaded = Some(loaded);
    }

    pub(crate) fn take_signals(&self) -> Signals {
        std::mem::take(&mut self.state.lock().signals)
    }

    /// Has signals taken again with the next poll.
    pub(crate) fn put_back(&self, signals: Signals) {
        let mut state = self.state.lock();
        state.signals.abort = state.signals.abort.or(signals.abort);
        if state.signals.early.is_none() {
            state.signals.early = signals.early;
        }
    }

    /// It is about to be polled: the next wake queues it again.
    pub(crate) fn unqueue(&self) {
        self.queued.store(false, Ordering::Release);
    }
}

impl task::Wake for Request {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            self.ready.push(self.id);
        }
    }
}

/// The engine's view of a request.
pub(crate) struct RequestCaller(pub(crate) Arc<Request>);

impl Caller<Slot> for RequestCaller {
    type Loading = Loading;

    fn id(&self) -> LoadId {
        self.0.id
    }

    fn load(&self) -> Loading {
        self.0.state.lock().signals.load = true;
        Loading(Arc::clone(&self.0))
    }

    fn abort(&self, limit: Ttl) {
        self.0.state.lock().signals.abort = Some(limit);
    }

    fn answer(&self, value: Slot) {
        self.0.state.lock().signals.early = Some(value);
    }
}

/// A loader at work. Its request is polled when it reports, so no waker is kept.
pub(crate) struct Loading(Arc<Request>);

impl Future for Loading {
    type Output = Loaded<Slot>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.state.lock().loaded.take().map_or(Poll::Pending, Poll::Ready)
    }
}
