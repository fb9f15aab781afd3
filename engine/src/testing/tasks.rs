//! Futures polled by hand: they go on only when a test asks.

use std::{
    future::Future,
    sync::Arc,
    task::{Context, Waker},
};

use parking_lot::Mutex;

use crate::value::BoxFuture;

/// Started futures. Cloning shares them.
#[derive(Clone, Default)]
pub struct Tasks {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    next: u64,
    open: Vec<(u64, BoxFuture<'static, ()>)>,
}

impl Tasks {
    /// Starts a future and polls it once.
    pub fn start<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> Pending<T> {
        let end = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&end);
        // Unconstrained: if tokio's budget ran out, the future would wait for a wake that no test polls for.
        let task = tokio::task::unconstrained(async move {
            let output = future.await;
            *slot.lock() = Some(output);
        });
        let mut state = self.state.lock();
        state.next += 1;
        let id = state.next;
        state.open.push((id, Box::pin(task)));
        drop(state);
        self.settle();
        Pending { tasks: self.clone(), id, end }
    }

    /// Polls everything until nothing more ends.
    pub fn settle(&self) {
        loop {
            let mut polled = std::mem::take(&mut self.state.lock().open);
            let before = polled.len();
            let mut context = Context::from_waker(Waker::noop());
            polled.retain_mut(|(_, task)| task.as_mut().poll(&mut context).is_pending());
            let ended = polled.len() < before;
            let mut state = self.state.lock();
            polled.append(&mut state.open);
            state.open = polled;
            drop(state);
            if !ended {
                return;
            }
        }
    }

    /// How many have not ended.
    #[must_use]
    pub fn open(&self) -> usize {
        self.state.lock().open.len()
    }

    fn abandon(&self, id: u64) {
        let mut state = self.state.lock();
        let abandoned = state.open.iter().position(|(open, _)| *open == id).map(|at| state.open.remove(at));
        drop(state);
        drop(abandoned);
    }
}

/// A started future, and its outcome.
pub struct Pending<T> {
    tasks: Tasks,
    id: u64,
    end: Arc<Mutex<Option<T>>>,
}

impl<T> Pending<T> {
    /// Whether it has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.tasks.settle();
        self.end.lock().is_some()
    }

    /// Its outcome, if it has ended. Returned once.
    #[must_use]
    pub fn take(&self) -> Option<T> {
        self.tasks.settle();
        self.end.lock().take()
    }

    /// Its outcome.
    ///
    /// # Panics
    /// When it has not ended.
    #[track_caller]
    pub fn done(self) -> T {
        self.take().expect("it is still waiting")
    }

    /// Drops the future halfway.
    pub fn abandon(&self) {
        self.tasks.abandon(self.id);
    }
}
