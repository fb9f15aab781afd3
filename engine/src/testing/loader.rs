//! A loader that ends when the test says so.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use parking_lot::Mutex;

use crate::{clock::Ttl, load::Loaded};

/// The test's end of a loader. Cloning shares it.
pub struct Loader<V> {
    state: Arc<Mutex<State<V>>>,
}

struct State<V> {
    calls: usize,
    aborted: Option<Ttl>,
    end: Option<Loaded<V>>,
    waker: Option<Waker>,
}

impl<V> Default for Loader<V> {
    fn default() -> Self {
        let state = State { calls: 0, aborted: None, end: None, waker: None };
        Loader { state: Arc::new(Mutex::new(state)) }
    }
}

impl<V> Clone for Loader<V> {
    fn clone(&self) -> Self {
        Loader { state: Arc::clone(&self.state) }
    }
}

impl<V> Loader<V> {
    /// How often it was called.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.state.lock().calls
    }

    /// The limit past which it was told to stop.
    #[must_use]
    pub fn aborted(&self) -> Option<Ttl> {
        self.state.lock().aborted
    }

    /// Ends the loader. If it was not called yet, it will end at once.
    pub fn end(&self, end: impl Into<Loaded<V>>) {
        let mut state = self.state.lock();
        state.end = Some(end.into());
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn call(&self) -> Loading<V> {
        self.state.lock().calls += 1;
        Loading(self.clone())
    }

    pub(super) fn abort(&self, limit: Ttl) {
        self.state.lock().aborted = Some(limit);
    }
}

/// The loader at work.
pub struct Loading<V>(Loader<V>);

impl<V> Future for Loading<V> {
    type Output = Loaded<V>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.state.lock();
        let end = state.end.take();
        if end.is_none() {
            state.waker = Some(context.waker().clone());
        }
        end.map_or(Poll::Pending, Poll::Ready)
    }
}
