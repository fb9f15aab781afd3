//! Polls the requests of one environment on its thread.
//!
//! A request is polled once inside the call that makes it; most end there. The others are polled again when they are
//! woken: all ready ones in one go, however many wakes there were.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use lazy_layers_engine::{load::LoadId, value::Failure};
use slab::Slab;

use crate::{
    behalf,
    raw::call::panic_message,
    ready::Ready,
    reply::Reply,
    request::{Request, Signals},
};

/// The future of a request.
pub(crate) type Work = Pin<Box<dyn Future<Output = Reply>>>;

/// How a poll ended.
pub(crate) enum Polled {
    /// The request is over; its earlier signals have yet to be told.
    Over(Reply, Signals),
    /// It waits.
    Waits(Signals),
    /// There is no such request, or it is being polled further up this very stack.
    Elsewhere,
}

struct Task {
    request: Arc<Request>,
    /// `None` while it is being polled, and when it is over.
    running: Option<Runnable>,
    woken_meanwhile: bool,
}

/// The future of a request, and the waker to poll it with.
struct Runnable {
    waker: Waker,
    work: Work,
}

/// The requests of an environment.
pub(crate) struct Executor {
    /// `None` for a request that is over and whose id is not yet reused.
    tasks: RefCell<Slab<Option<Task>>>,
    ready: Arc<Ready>,
    /// The number of callers' requests that are not over.
    open: Cell<usize>,
    /// Whether ids may not be reused, because a list of them is in use.
    keeps_ids: Cell<bool>,
    retired: RefCell<Vec<LoadId>>,
}

impl Executor {
    pub(crate) fn new(ready: Arc<Ready>) -> Executor {
        Executor {
            tasks: RefCell::default(),
            ready,
            open: Cell::new(0),
            keeps_ids: Cell::new(false),
            retired: RefCell::default(),
        }
    }

    pub(crate) fn ready(&self) -> &Arc<Ready> {
        &self.ready
    }

    /// The number of callers' requests that are not over. Work without a caller does not count.
    pub(crate) fn open(&self) -> usize {
        self.open.get()
    }

    /// Starts a request and polls it once.
    pub(crate) fn start(&self, make: impl FnOnce(Arc<Request>) -> Work) -> (LoadId, Polled) {
        self.start_for(Request::new, make)
    }

    /// The same for work without a caller.
    pub(crate) fn start_for_nobody(&self, make: impl FnOnce(Arc<Request>) -> Work) -> (LoadId, Polled) {
        self.start_for(Request::for_nobody, make)
    }

    fn start_for(
        &self,
        request: fn(LoadId, Arc<Ready>) -> Arc<Request>,
        make: impl FnOnce(Arc<Request>) -> Work,
    ) -> (LoadId, Polled) {
        let (id, request) = {
            let mut tasks = self.tasks.borrow_mut();
            let entry = tasks.vacant_entry();
            let id = LoadId::try_from(entry.key()).unwrap_or(LoadId::MAX);
            let request = request(id, Arc::clone(&self.ready));
            entry.insert(Some(Task { request: Arc::clone(&request), running: None, woken_meanwhile: false }));
            (id, request)
        };
        if request.is_of_caller() {
            self.open.set(self.open.get() + 1);
        }
        let running = Runnable { waker: Waker::from(Arc::clone(&request)), work: make(Arc::clone(&request)) };
        (id, self.run(&request, running))
    }

    /// The request of that id, if it is not over.
    pub(crate) fn request(&self, id: LoadId) -> Option<Arc<Request>> {
        let tasks = self.tasks.borrow();
        tasks.get(id as usize)?.as_ref().map(|task| Arc::clone(&task.request))
    }

    /// Polls a request. Its work may call into JavaScript and from there come back here for another.
    pub(crate) fn poll(&self, id: LoadId) -> Polled {
        let (request, running) = {
            let mut tasks = self.tasks.borrow_mut();
            let Some(Some(task)) = tasks.get_mut(id as usize) else { return Polled::Elsewhere };
            let Some(running) = task.running.take() else {
                task.woken_meanwhile = true;
                return Polled::Elsewhere;
            };
            task.request.unqueue();
            (Arc::clone(&task.request), running)
        };
        self.run(&request, running)
    }

    fn run(&self, request: &Arc<Request>, mut running: Runnable) -> Polled {
        let before = behalf::replace(request.behalf());
        let polled = catch_unwind(AssertUnwindSafe(|| {
            running.work.as_mut().poll(&mut Context::from_waker(&running.waker))
        }));
        behalf::replace(before);
        match polled {
            Ok(Poll::Pending) => self.put_back(request, running),
            Ok(Poll::Ready(reply)) => {
                drop_quietly(running);
                if self.holds(request) {
                    Polled::Over(reply, request.take_signals())
                } else {
                    Polled::Elsewhere
                }
            }
            Err(panic) => {
                let message = format!("internal error: {}", panic_message(&*panic));
                drop_quietly(running);
                let failed = Reply::Failed(Failure::Message(message));
                if self.holds(request) { Polled::Over(failed, Signals::default()) } else { Polled::Elsewhere }
            }
        }
    }

    /// Whether a request was not cancelled while it was being polled: its id may be another's by now.
    fn holds(&self, request: &Arc<Request>) -> bool {
        let tasks = self.tasks.borrow();
        matches!(tasks.get(request.id() as usize), Some(Some(task)) if Arc::ptr_eq(&task.request, request))
    }

    /// Keeps a waiting request, unless it was cancelled meanwhile.
    fn put_back(&self, request: &Arc<Request>, running: Runnable) -> Polled {
        let id = request.id();
        let mut tasks = self.tasks.borrow_mut();
        match tasks.get_mut(id as usize) {
            Some(Some(task)) if Arc::ptr_eq(&task.request, request) => {
                task.running = Some(running);
                let woken = std::mem::take(&mut task.woken_meanwhile);
                drop(tasks);
                if woken {
                    self.ready.push(id);
                }
                Polled::Waits(request.take_signals())
            }
            _ => {
                drop(tasks);
                drop_quietly(running);
                Polled::Elsewhere
            }
        }
    }

    /// Drops a request halfway.
    pub(crate) fn cancel(&self, id: LoadId) {
        let running = match self.tasks.borrow_mut().get_mut(id as usize) {
            Some(Some(task)) => task.running.take(),
            _ => None,
        };
        drop_quietly(running);
        self.retire(id);
    }

    /// Frees the id of a request that is over, once the facade knows of its end.
    pub(crate) fn retire(&self, id: LoadId) {
        let retired = self.tasks.borrow_mut().get_mut(id as usize).and_then(Option::take);
        let Some(task) = retired else { return };
        if task.request.is_of_caller() {
            self.open.set(self.open.get() - 1);
        }
        drop_quietly(task);
        self.give_back(id);
    }

    fn give_back(&self, id: LoadId) {
        if self.keeps_ids.get() {
            self.retired.borrow_mut().push(id);
        } else {
            self.tasks.borrow_mut().try_remove(id as usize);
        }
    }

    /// From here on the ids of ended requests are not reused: a list of answers names them, and users' code may
    /// end one request and start another before the answer of the first is taken.
    pub(crate) fn keep_ids(&self) {
        self.keeps_ids.set(true);
    }

    /// No list is in use any longer: ids may be reused.
    pub(crate) fn release_ids(&self) {
        self.keeps_ids.set(false);
        for id in self.retired.take() {
            self.tasks.borrow_mut().try_remove(id as usize);
        }
    }

    /// Drops all requests: the environment ends.
    pub(crate) fn clear(&self) {
        let tasks = std::mem::take(&mut *self.tasks.borrow_mut());
        self.retired.take();
        self.open.set(0);
        drop_quietly(tasks);
    }
}

/// Drops while nothing is borrowed, since the drop may call back into the executor; and catches panics, since a task
/// that panicked once may panic again.
fn drop_quietly<T>(dropped: T) {
    drop(catch_unwind(AssertUnwindSafe(move || drop(dropped))));
}

#[cfg(test)]
mod tests;
