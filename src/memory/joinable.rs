//! The running loads that JavaScript joins without a call.

use std::sync::atomic::AtomicU64;

use lazy_layers_engine::{
    clock::Time,
    load::{LoadId, flight::Joinable},
};
use parking_lot::Mutex;

use crate::raw::memory::Shared;

/// Each request has a word in shared memory: the time until which its load may be joined, 0 if it may not. Requests
/// beyond the end of the array are joined by calls.
pub(crate) struct JoinableLoads {
    words: Mutex<Shared<AtomicU64>>,
}

impl JoinableLoads {
    pub(crate) fn new(words: Shared<AtomicU64>) -> JoinableLoads {
        JoinableLoads { words: Mutex::new(words) }
    }

    /// Drops the array.
    pub(crate) fn detach(&self) {
        *self.words.lock() = Shared::NONE;
    }
}

impl Joinable for JoinableLoads {
    fn publish(&self, id: LoadId, until: Time) {
        self.words.lock().store(id as usize, until.as_millis_f64());
    }

    fn retract(&self, id: LoadId) {
        self.words.lock().store(id as usize, 0.0);
    }
}
