//! Requests of an environment that can go on, and the wake of its thread.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, ThreadId},
};

use lazy_layers_drivers::wakes::{self, Sleeper};
use lazy_layers_engine::load::LoadId;
use parking_lot::Mutex;

use crate::raw::wake::Wake;

/// The requests that were woken, and the wake of the thread that polls them.
pub(crate) struct Ready {
    queue: Mutex<Vec<LoadId>>,
    /// Whether work waits for the thread: requests here, or events.
    pending: AtomicBool,
    wake: Arc<Wake>,
    /// The same, for other code that wakes it.
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

    /// Makes the thread look for work. On the thread itself, the call that is under way does so at its end.
    pub(crate) fn call_thread(&self) {
        let first = !self.pending.swap(true, Ordering::AcqRel);
        if first && thread::current().id() != self.thread {
            wakes::wake(&self.sleeper);
        }
    }

    /// Whether work waits.
    pub(crate) fn is_pending(&self) -> bool {
        self.pending.load(Ordering::Relaxed)
    }

    /// Returns whether work waits, and clears the flag: the next work calls the thread again.
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
