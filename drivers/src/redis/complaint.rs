//! A warning for users, which is handed over once. It is asked for after each operation, so to ask takes no lock.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

/// A warning that waits to be handed over, if there is one.
#[derive(Default)]
pub(super) struct Complaint {
    is_there: AtomicBool,
    message: Mutex<Option<String>>,
}

impl Complaint {
    /// Adds a sentence to the warning.
    pub(super) fn add(&self, sentence: String) {
        let mut message = self.message.lock();
        *message = Some(match message.take() {
            Some(before) => format!("{before}. {sentence}"),
            None => sentence,
        });
        self.is_there.store(true, Ordering::Relaxed);
    }

    /// The warning, once.
    pub(super) fn take(&self) -> Option<String> {
        if !self.is_there.load(Ordering::Relaxed) {
            return None;
        }
        let mut message = self.message.lock();
        self.is_there.store(false, Ordering::Relaxed);
        message.take()
    }
}
