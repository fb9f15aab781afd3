//! A text that JavaScript appends to.

use std::thread::{self, ThreadId};

use super::js::{Js, JsKept};

/// The text in the first element of an array of JavaScript.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GrowingText {
    js: Js,
    array: JsKept,
    /// The thread of the environment.
    thread: ThreadId,
}

// SAFETY: other threads only hold it. `read` touches the environment on its own thread alone.
unsafe impl Send for GrowingText {}

impl GrowingText {
    /// `array` is kept until this text is dropped.
    pub(crate) fn new(js: Js, array: JsKept) -> GrowingText {
        GrowingText { js, array, thread: thread::current().id() }
    }

    /// Reads the first `length` UTF-16 code units. Returns false, and none, on another thread, or if there are fewer.
    pub(crate) fn read(&self, length: usize, units: &mut Vec<u16>) -> bool {
        units.clear();
        if thread::current().id() != self.thread {
            return false;
        }
        // One more, for the zero at the end.
        units.resize(length + 1, 0);
        let mut read = 0;
        self.js.scoped(|| {
            let text = self.js.element(self.js.kept(self.array), 0);
            read = text.and_then(|text| self.js.read_units(text, units)).unwrap_or(0);
        });
        units.truncate(read);
        read == length
    }
}
