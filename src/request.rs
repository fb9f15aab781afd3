//! One request: the waker of its future, and the link to its loader.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    task::{self, Context, Poll},
};

use lazy_layers_engine::{
    clock::Ttl,
    load::{Caller, LoadId, Loaded},
};
use parking_lot::Mutex;

use crate::{contract::behalf, memory::Slot, ready::Ready};

/// A request under way.
pub(crate) struct Request {
    id: LoadId,
    /// The id, unless no caller has asked for the request: see [`behalf`].
    behalf: LoadId,
    ready: Arc<Ready>,
    queued: AtomicBool,
    /// Shows whether there is anything to take: most polls find nothing, and take no lock.
    flags: AtomicU8,
    state: Mutex<State>,
}

/// Bits of the things to take.
mod flag {
    pub(super) const LOAD: u8 = 1;
    pub(super) const LOADED: u8 = 2;
    pub(super) const OTHER: u8 = 4;
    /// Stays: the loader was not called.
    pub(super) const REFUSED: u8 = 8;
}

#[derive(Default)]
struct State {
    abort: Option<Ttl>,
    early: Option<Slot>,
    refreshed: Option<Slot>,
    is_locked_out: bool,
    loaded: Option<Loaded<Slot>>,
}

/// Tasks of the facade for a request that is not over yet.
#[derive(Default)]
pub(crate) struct Signals {
    /// Call the loader.
    pub(crate) load: bool,
    /// Abort the loader's signal: it has passed this limit.
    pub(crate) abort: Option<Ttl>,
    /// Answer the caller with this value.
    pub(crate) early: Option<Slot>,
    /// Answer the caller with this live value: from here on the request is a refresh.
    pub(crate) refreshed: Option<Slot>,
    /// Another instance has the lock of the key.
    pub(crate) is_locked_out: bool,
}

impl Signals {
    /// Whether there is anything to do.
    pub(crate) fn are_any(&self) -> bool {
        let answers = self.early.is_some() || self.refreshed.is_some();
        self.load || self.abort.is_some() || answers || self.is_locked_out
    }
}

impl Request {
    /// A request of a caller.
    pub(crate) fn new(id: LoadId, ready: Arc<Ready>) -> Arc<Request> {
        Request::on_behalf(id, id, ready)
    }

    /// Work without a caller.
    pub(crate) fn for_nobody(id: LoadId, ready: Arc<Ready>) -> Arc<Request> {
        Request::on_behalf(behalf::NOBODY, id, ready)
    }

    fn on_behalf(behalf: LoadId, id: LoadId, ready: Arc<Ready>) -> Arc<Request> {
        let (queued, flags) = (AtomicBool::new(false), AtomicU8::new(0));
        Arc::new(Request { id, behalf, ready, queued, flags, state: Mutex::default() })
    }

    pub(crate) fn id(&self) -> LoadId {
        self.id
    }

    /// The request on whose behalf it is polled.
    pub(crate) fn behalf(&self) -> LoadId {
        self.behalf
    }

    /// Whether a caller has asked for it.
    pub(crate) fn is_of_caller(&self) -> bool {
        self.behalf != behalf::NOBODY
    }

    /// The outcome of the loader.
    pub(crate) fn loaded(&self, loaded: Loaded<Slot>) {
        self.state.lock().loaded = Some(loaded);
        self.raise(flag::LOADED);
    }

    /// The loader was not called, as many others run. The error in its place.
    pub(crate) fn refused(&self, error: Slot) {
        self.raise(flag::REFUSED);
        self.loaded(Err(error).into());
    }

    pub(crate) fn take_signals(&self) -> Signals {
        let load = self.lower(flag::LOAD);
        if !self.lower(flag::OTHER) {
            return Signals { load, ..Signals::default() };
        }
        let mut state = self.state.lock();
        let is_locked_out = std::mem::take(&mut state.is_locked_out);
        let (early, refreshed) = (state.early.take(), state.refreshed.take());
        Signals { load, abort: state.abort.take(), early, refreshed, is_locked_out }
    }

    /// Puts signals back, to be taken again with the next poll.
    pub(crate) fn put_back(&self, signals: Signals) {
        let mut state = self.state.lock();
        state.abort = state.abort.or(signals.abort);
        state.is_locked_out |= signals.is_locked_out;
        if state.early.is_none() {
            state.early = signals.early;
        }
        if state.refreshed.is_none() {
            state.refreshed = signals.refreshed;
        }
        drop(state);
        self.raise(if signals.load { flag::OTHER | flag::LOAD } else { flag::OTHER });
    }

    /// The live value with which the caller is answered, once.
    pub(crate) fn take_refreshed(&self) -> Option<Slot> {
        self.state.lock().refreshed.take()
    }

    fn raise(&self, flag: u8) {
        self.flags.fetch_or(flag, Ordering::AcqRel);
    }

    /// Lowers a flag. Returns whether it was up.
    fn lower(&self, flag: u8) -> bool {
        self.flags.load(Ordering::Relaxed) & flag != 0
            && self.flags.fetch_and(!flag, Ordering::AcqRel) & flag != 0
    }

    /// Called before a poll: the next wake queues the request again.
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
        self.0.raise(flag::LOAD);
        Loading(Arc::clone(&self.0))
    }

    fn was_refused(&self) -> bool {
        self.0.flags.load(Ordering::Relaxed) & flag::REFUSED != 0
    }

    fn waits_for_lock(&self) {
        self.0.state.lock().is_locked_out = true;
        self.0.raise(flag::OTHER);
    }

    fn abort(&self, limit: Ttl) {
        self.0.state.lock().abort = Some(limit);
        self.0.raise(flag::OTHER);
    }

    fn answer(&self, value: Slot) {
        self.0.state.lock().early = Some(value);
        self.0.raise(flag::OTHER);
    }

    fn refresh(&self, value: Slot) {
        self.0.state.lock().refreshed = Some(value);
        self.0.raise(flag::OTHER);
    }
}

/// A loader at work. Its request is polled when it reports, so no waker is kept.
pub(crate) struct Loading(Arc<Request>);

impl Future for Loading {
    type Output = Loaded<Slot>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if !self.0.lower(flag::LOADED) {
            return Poll::Pending;
        }
        self.0.state.lock().loaded.take().map_or(Poll::Pending, Poll::Ready)
    }
}
