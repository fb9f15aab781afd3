//! One wake for all answers of a pipeline. A thread that is woken by the first answer would take it alone, send one
//! more operation, and so turn large pipelines into small ones.

use std::{cell::RefCell, mem, sync::Arc};

/// A thread that can be woken.
pub trait Sleeper: Send + Sync {
    /// Wakes it.
    fn wake(&self);
}

thread_local! {
    /// Those to be woken at the end of [`together`], while that runs.
    static LATER: RefCell<Option<Vec<Arc<dyn Sleeper>>>> = const { RefCell::new(None) };
}

/// Wakes a thread: at the end of [`together`] if that runs on this thread, else now.
pub fn wake(sleeper: &Arc<dyn Sleeper>) {
    let is_noted = LATER.with_borrow_mut(|later| later.as_mut().map(|later| later.push(Arc::clone(sleeper))));
    if is_noted.is_none() {
        sleeper.wake();
    }
}

/// Runs `act`, then the wakes that it asks for.
pub(crate) fn together(act: impl FnOnce()) {
    struct End;
    impl Drop for End {
        fn drop(&mut self) {
            for sleeper in LATER.with_borrow_mut(mem::take).into_iter().flatten() {
                sleeper.wake();
            }
        }
    }
    LATER.with_borrow_mut(|later| *later = Some(Vec::new()));
    let _end = End;
    act();
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Sleeper for Counted {
        fn wake(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn wakes_come_at_the_end() {
        let counted = Arc::new(Counted::default());
        let sleeper: Arc<dyn Sleeper> = Arc::clone(&counted) as _;
        let count = || counted.0.load(Ordering::Relaxed);
        wake(&sleeper);
        assert_eq!(count(), 1);
        together(|| {
            wake(&sleeper);
            assert_eq!(count(), 1);
        });
        assert_eq!(count(), 2);
        wake(&sleeper);
        assert_eq!(count(), 3);
    }
}
