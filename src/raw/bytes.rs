//! Bytes that cross: copied out of JavaScript's arrays, and into memory or buffers that JavaScript reads.

use std::ptr;

use napi::sys;

use super::js::{Js, JsValue, Unexpected};

impl Js {
    /// A copy of the bytes of a `Uint8Array`, which a `Buffer` is.
    pub(crate) fn read_bytes(self, value: JsValue) -> Result<Vec<u8>, Unexpected> {
        let (start, length) = self.typed_array(value, sys::TypedarrayType::uint8_array, "a Uint8Array")?;
        if length == 0 {
            return Ok(Vec::new());
        }
        // SAFETY: the array holds `length` bytes from `start`, and nothing runs in JavaScript until they are copied.
        Ok(unsafe { std::slice::from_raw_parts(start.cast::<u8>(), length) }.to_vec())
    }

    /// A `Buffer` with a copy of these bytes.
    pub(crate) fn bytes(self, bytes: &[u8]) -> JsValue {
        let mut value = ptr::null_mut();
        // SAFETY: a live environment on its thread; the bytes are copied before the call returns.
        let status = unsafe {
            sys::napi_create_buffer_copy(
                self.env(),
                bytes.len(),
                bytes.as_ptr().cast(),
                ptr::null_mut(),
                &mut value,
            )
        };
        if status == sys::Status::napi_ok { JsValue(value) } else { self.undefined() }
    }
}

/// A `Uint8Array` from which JavaScript reads small messages. On the thread of its environment only.
#[derive(Debug)]
pub(crate) struct Scratch {
    start: *mut u8,
    length: usize,
}

impl Scratch {
    /// # Safety
    /// `length` bytes from `start` stay allocated for as long as this value is used, on the thread of JavaScript.
    pub(super) unsafe fn new(start: *mut u8, length: usize) -> Scratch {
        Scratch { start, length }
    }

    /// Puts the bytes at the start. Returns false if they do not fit.
    pub(crate) fn fill(&self, bytes: &[u8]) -> bool {
        if bytes.len() > self.length {
            return false;
        }
        // SAFETY: inside the array that `new` was told of; JavaScript does not run meanwhile.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.start, bytes.len()) };
        true
    }
}
