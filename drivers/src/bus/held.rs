//! Wakes for the values that a thread loads in one job: a bus that is woken by the first value would send it alone.

use std::{cell::RefCell, sync::Arc};

use tokio::sync::Notify;

#[derive(Default)]
struct HeldWakes {
    holds: bool,
    wakes: Vec<Arc<Notify>>,
}

thread_local! {
    static HELD: RefCell<HeldWakes> = RefCell::default();
}

/// From here on wakes for values of this thread wait for [`wake_held`].
pub fn hold() {
    HELD.with_borrow_mut(|held| held.holds = true);
}

/// Whether wakes of this thread wait.
#[must_use]
pub fn has_held() -> bool {
    HELD.with_borrow(|held| !held.wakes.is_empty())
}

/// Wakes those that wait for values.
pub fn wake_held() {
    HELD.with_borrow_mut(|held| held.wakes.drain(..).for_each(|waiting| waiting.notify_one()));
}

/// Wakes the task that waits for the values of an outbox, now or later.
pub(super) fn wake(waiting: &Arc<Notify>) {
    HELD.with_borrow_mut(|held| {
        if !held.holds {
            waiting.notify_one();
        } else if !held.wakes.iter().any(|other| Arc::ptr_eq(other, waiting)) {
            held.wakes.push(Arc::clone(waiting));
        }
    });
}
