//! Polls the requests of one environment on its thread.
//!
//! A request is polled once inside the call that makes it; most end there. The others are polled again
//! when they are woken: all that are ready in one go, however many wakes there were.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
    thread::{self, ThreadId},
};

use lazy_layers_drivers::wakes::{self, Sleeper};
use lazy_layers_engine::{flow::Load, load::LoadId, value::Failure};
use parking_lot::Mutex;
use slab::Slab;

use crate::{
    raw::{call::panic_message, wake::Wake},
    reply::Reply,
    request::{Request, Signals},
    slots::Slot,
};

/// The future of a request.
pub(crate) type Work = Pin<Box<dyn Future<Output = Reply>>>;

/// The requests that were woken, and the wake of the thread that polls them.
pub(crate) struct Ready {
    queue: Mutex<Vec<LoadId>>,
    /// Something waits on the thread: requests here, or events.
    pending: AtomicBool,
    wake: Arc<Wake>,
    /// The same, as others wake it.
    sleeper: Arc<dyn Sleeper>,
    thread: ThreadId,
}

impl Ready {
    pub(crate) fn new(wake: Wake) -> Ready {
        let (queue, pending, wake) = (Mutex::default(), AtomicBool::new(false), Arc::new(wake));
        let sleeper = Arc::clone(&wake) as _;
        Ready { queue, pending, wake, sleeper, thread: thread::current().id() }
    }

    pub(crate) fn push(&self, id: LoadId) {
        self.queue.lock().push(id);
        self.call_thread();
    }

    /// Makes the thread look. On the thread itself the call that is under way does so at its end.
    pub(crate) fn call_thread(&self) {
        let first = !self.pending.swap(true, Ordering::AcqRel);
        if first && thread::current().id() != self.thread {
            wakes::wake(&self.sleeper);
        }
    }

    /// Whether something waits.
    pub(crate) fn is_pending(&self) -> bool {
        self.pending.load(Ordering::Relaxed)
    }

    /// Whether something waits; from here on the next one calls again.
    pub(crate) fn take_pending(&self) -> bool {
        self.pending.load(Ordering::Relaxed) && self.pending.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn take(&self) -> Vec<LoadId> {
        std::mem::take(&mut *self.queue.lock())
    }

    pub(crate) fn wake(&self) -> &Wake {
        &self.wake
    }
}

/// How a poll ended.
pub(crate) enum Polled {
    /// The request is over; signals that came before are still to be told.
    Over(Reply, Signals),
    /// It waits.
    Waits(Signals),
    /// There is no such request, or it is being polled further up this very stack.
    Elsewhere,
}

enum Task {
    /// A request whose future is polled.
    Polled {
        request: Arc<Request>,
        /// `None` while it is being polled, and when it is over.
        running: Option<Running>,
        woken_meanwhile: bool,
    },
    /// A load that waits for its loader alone.
    Load(Load<Slot>),
}

struct Running {
    waker: Waker,
    work: Work,
}

/// The requests of an environment.
pub(crate) struct Executor {
    tasks: RefCell<Slab<Task>>,
    ready: Arc<Ready>,
    open: Cell<usize>,
}

impl Executor {
    pub(crate) fn new(ready: Arc<Ready>) -> Executor {
        Executor { tasks: RefCell::default(), ready, open: Cell::new(0) }
    }

    pub(crate) fn ready(&self) -> &Arc<Ready> {
        &self.ready
    }

    /// How many requests are not over.
    pub(crate) fn open(&self) -> usize {
        self.open.get()
    }

    /// The id of the next request.
    pub(crate) fn next_id(&self) -> LoadId {
        LoadId::try_from(self.tasks.borrow().vacant_key()).unwrap_or(LoadId::MAX)
    }

    /// Keeps a load under the next id until its loader has reported.
    pub(crate) fn keep(&self, load: Load<Slot>) {
        self.tasks.borrow_mut().insert(Task::Load(load));
        self.open.set(self.open.get() + 1);
    }

    /// Gives up the load of that id, if that is what it is of.
    pub(crate) fn take_load(&self, id: LoadId) -> Option<Load<Slot>> {
        let mut tasks = self.tasks.borrow_mut();
        if !matches!(tasks.get(id as usize), Some(Task::Load(_))) {
            return None;
        }
        let Some(Task::Load(load)) = tasks.try_remove(id as usize) else { return None };
        self.open.set(self.open.get() - 1);
        Some(load)
    }

    /// Starts a request and polls it once.
    pub(crate) fn start(&self, make: impl FnOnce(Arc<Request>) -> Work) -> (LoadId, Polled) {
        let id = self.next_id();
        let request = Request::new(id, Arc::clone(&self.ready));
        let running = Running { waker: Waker::from(Arc::clone(&request)), work: make(Arc::clone(&request)) };
        let task = Task::Polled { request, running: None, woken_meanwhile: false };
        self.tasks.borrow_mut().insert(task);
        self.open.set(self.open.get() + 1);
        (id, self.run(id, running))
    }

    /// The request of that id, if it is not over.
    pub(crate) fn request(&self, id: LoadId) -> Option<Arc<Request>> {
        match self.tasks.borrow().get(id as usize) {
            Some(Task::Polled { request, .. }) => Some(Arc::clone(request)),
            Some(Task::Load(_)) | None => None,
        }
    }

    /// Polls a request. Its work may call into JavaScript and from there come back here for another.
    pub(crate) fn poll(&self, id: LoadId) -> Polled {
        let running = {
            let mut tasks = self.tasks.borrow_mut();
            let Some(Task::Polled { request, running, woken_meanwhile }) = tasks.get_mut(id as usize) else {
                return Polled::Elsewhere;
            };
            let Some(running) = running.take() else {
                *woken_meanwhile = true;
                return Polled::Elsewhere;
            };
            request.unqueue();
            running
        };
        self.run(id, running)
    }

    fn run(&self, id: LoadId, mut running: Running) -> Polled {
        let polled = catch_unwind(AssertUnwindSafe(|| {
            running.work.as_mut().poll(&mut Context::from_waker(&running.waker))
        }));
        match polled {
            Ok(Poll::Pending) => {
                let mut tasks = self.tasks.borrow_mut();
                let Some(Task::Polled { request, running: kept, woken_meanwhile }) =
                    tasks.get_mut(id as usize)
                else {
                    return Polled::Elsewhere;
                };
                *kept = Some(running);
                let woken = std::mem::take(woken_meanwhile);
                let signals = request.take_signals();
                drop(tasks);
                if woken {
                    self.ready.push(id);
                }
                Polled::Waits(signals)
            }
            Ok(Poll::Ready(reply)) => {
                drop_quietly(running);
                Polled::Over(
                    reply,
                    self.request(id).map(|request| request.take_signals()).unwrap_or_default(),
                )
            }
            Err(panic) => {
                let message = format!("internal error: {}", panic_message(&*panic));
                drop_quietly(running);
                Polled::Over(Reply::Failed(Failure::Message(message)), Signals::default())
            }
        }
    }

    /// Drops a request halfway.
    pub(crate) fn cancel(&self, id: LoadId) {
        drop_quietly(self.take_load(id));
        let running = match self.tasks.borrow_mut().get_mut(id as usize) {
            Some(Task::Polled { running, .. }) => running.take(),
            Some(Task::Load(_)) | None => None,
        };
        drop_quietly(running);
        self.retire(id);
    }

    /// Gives the id of a request that is over back, once the facade has heard of its end.
    pub(crate) fn retire(&self, id: LoadId) {
        if self.tasks.borrow_mut().try_remove(id as usize).is_some() {
            self.open.set(self.open.get() - 1);
        }
    }

    /// Drops all requests: the environment ends.
    pub(crate) fn clear(&self) {
        let tasks = std::mem::take(&mut *self.tasks.borrow_mut());
        self.open.set(0);
        drop_quietly(tasks);
    }
}

/// Drops with nothing borrowed, for what it holds may come back here; and what panicked once may do so
/// again.
fn drop_quietly<T>(dropped: T) {
    drop(catch_unwind(AssertUnwindSafe(move || drop(dropped))));
}

#[cfg(test)]
mod tests {
    use lazy_layers_engine::load::Caller;

    use super::*;
    use crate::request::RequestCaller;

    fn executor() -> Executor {
        Executor::new(Arc::new(Ready::new(Wake::none())))
    }

    #[test]
    fn a_request_that_panics_ends_with_what_the_panic_said() {
        let executor = executor();
        let (id, polled) = executor.start(|_| Box::pin(async { panic!("out of luck") }));
        let Polled::Over(Reply::Failed(Failure::Message(message)), _) = polled else {
            panic!("the request did not fail");
        };
        assert_eq!(message, "internal error: out of luck");
        executor.retire(id);
        assert_eq!(executor.open(), 0);
    }

    #[test]
    fn a_request_waits_for_its_loader_and_goes_on_when_that_reports() {
        let executor = executor();
        let (id, polled) = executor.start(|request| {
            let loading = RequestCaller(request).load();
            Box::pin(async move { Reply::Flag(loading.await.is_ok_and(|value| value.is_none())) })
        });
        assert!(matches!(polled, Polled::Waits(Signals { load: true, .. })));
        executor.request(id).expect("it waits").loaded(Ok(None));
        assert!(matches!(executor.poll(id), Polled::Over(Reply::Flag(true), _)));
    }

    #[test]
    fn a_wake_from_another_thread_queues_a_request_once() {
        let executor = executor();
        let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
        let (id, polled) = executor.start(|_| {
            Box::pin(async move {
                drop(receiver.await);
                Reply::Nothing
            })
        });
        assert!(matches!(polled, Polled::Waits(_)));
        std::thread::spawn(move || sender.send(())).join().expect("sent").expect("received");
        assert!(executor.ready().take_pending());
        assert_eq!(executor.ready().take(), vec![id]);
        assert!(matches!(executor.poll(id), Polled::Over(Reply::Nothing, _)));
    }

    #[test]
    fn a_request_that_is_cancelled_drops_what_it_holds() {
        let executor = executor();
        let held = Arc::new(());
        let kept = Arc::clone(&held);
        let (id, _) = executor.start(|_| {
            Box::pin(async move {
                std::future::pending::<()>().await;
                drop(kept);
                Reply::Nothing
            })
        });
        executor.cancel(id);
        assert_eq!((Arc::strong_count(&held), executor.open()), (1, 0));
    }
}
