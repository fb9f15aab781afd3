//! Requests of an environment that can go on, and the wake of its thread.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, ThreadId},
    time::Duration,
};

use lazy_layers_drivers::{
    runtime,
    wakes::{self, Sleeper},
};
use lazy_layers_engine::{
    clock::{Clock, Time},
    load::LoadId,
};
use parking_lot::Mutex;

use crate::raw::wake::Wake;

/// How long events wait for others after the thread was last woken for some.
const BETWEEN_EVENTS: Duration = Duration::from_millis(1);

/// The requests that were woken, and the wake of the thread that polls them.
pub(crate) struct Ready {
    queue: Mutex<Vec<LoadId>>,
    /// Whether work waits for the thread: requests here, or events.
    pending: AtomicBool,
    /// When the thread was last woken for events.
    told: Mutex<Option<Time>>,
    clock: Clock,
    /// Whether events wait for others.
    waiting: AtomicBool,
    wake: Arc<Wake>,
    /// The same, for other code that wakes it.
    sleeper: Arc<dyn Sleeper>,
    thread: ThreadId,
}

impl Ready {
    pub(crate) fn new(wake: Wake) -> Ready {
        let (queue, pending, wake) = (Mutex::default(), AtomicBool::new(false), Arc::new(wake));
        let (told, clock, waiting) = (Mutex::default(), Clock::new(), AtomicBool::new(false));
        let sleeper = Arc::clone(&wake) as _;
        Ready { queue, pending, told, clock, waiting, wake, sleeper, thread: thread::current().id() }
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

    /// Makes the thread tell events: at once, or, in a burst of them, a millisecond after it was last woken for some.
    /// A wake for each event would take three times as long as the event. Other work that wakes the thread takes
    /// the events along.
    pub(crate) fn call_thread_for_events(self: &Arc<Self>) {
        if thread::current().id() == self.thread {
            return self.call_thread();
        }
        if self.is_pending() || self.waiting.swap(true, Ordering::AcqRel) {
            return;
        }
        let now = self.clock.now();
        let wait = self.told.lock().map(|told| BETWEEN_EVENTS.saturating_sub(now.since(told)));
        match (wait.filter(|wait| !wait.is_zero()), runtime::handle()) {
            (Some(wait), Ok(runtime)) => {
                let ready = Arc::clone(self);
                runtime.spawn(async move {
                    tokio::time::sleep(wait).await;
                    ready.tell_events();
                });
            }
            _ => self.tell_events(),
        }
    }

    fn tell_events(&self) {
        *self.told.lock() = Some(self.clock.now());
        // Sees all that was queued by those who found it set.
        self.waiting.swap(false, Ordering::AcqRel);
        self.call_thread();
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs `act` on a thread that is not the one to be woken.
    fn elsewhere<T: Send>(act: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| scope.spawn(act).join().expect("no panic"))
    }

    #[test]
    fn the_first_event_wakes_the_thread_at_once_and_a_burst_once_a_millisecond() {
        let ready = Arc::new(Ready::new(Wake::none()));
        let (wakes, took) = elsewhere(|| {
            ready.call_thread_for_events();
            assert!(ready.take_pending(), "the first one waits for no other");
            let began = ready.clock.now();
            let mut wakes = 0;
            while ready.clock.now().since(began) < Duration::from_millis(50) {
                ready.call_thread_for_events();
                wakes += u128::from(ready.take_pending());
                thread::yield_now();
            }
            (wakes, ready.clock.now().since(began))
        });
        assert!((1..=took.as_millis() + 1).contains(&wakes), "{wakes} wakes in {took:?}");
    }

    #[test]
    fn events_do_not_wait_once_the_thread_works_anyway() {
        let ready = Arc::new(Ready::new(Wake::none()));
        elsewhere(|| {
            ready.call_thread_for_events();
            ready.push(1);
            assert!(ready.take_pending());
            ready.call_thread_for_events();
            ready.push(2);
            assert!(ready.is_pending(), "a request wakes it, and events are told then");
        });
    }
}
