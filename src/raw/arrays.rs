//! The memory of typed arrays.

use std::{
    ffi::c_void,
    ptr,
    sync::atomic::{AtomicU8, AtomicU32, AtomicU64},
};

use napi::sys;

use super::{
    bytes::Scratch,
    js::{Js, JsValue, Unexpected},
    memory::Shared,
};

impl Js {
    /// The memory of a `Float64Array`, which JavaScript keeps alive until it is released here.
    pub(crate) fn float64_array(self, value: JsValue) -> Result<Shared<AtomicU64>, Unexpected> {
        let (start, length) =
            self.typed_array(value, sys::TypedarrayType::float64_array, "a Float64Array")?;
        // SAFETY: JavaScript keeps the array; its elements are 8 bytes, aligned, never moved.
        Ok(unsafe { Shared::new(start.cast(), length) })
    }

    /// The memory of a `Uint32Array`, as above.
    pub(crate) fn uint32_array(self, value: JsValue) -> Result<Shared<AtomicU32>, Unexpected> {
        let (start, length) = self.typed_array(value, sys::TypedarrayType::uint32_array, "a Uint32Array")?;
        // SAFETY: as above with 4 bytes.
        Ok(unsafe { Shared::new(start.cast(), length) })
    }

    /// The memory of a `Uint8Array`, as above.
    pub(crate) fn uint8_array(self, value: JsValue) -> Result<Shared<AtomicU8>, Unexpected> {
        let (start, length) = self.typed_array(value, sys::TypedarrayType::uint8_array, "a Uint8Array")?;
        // SAFETY: as above with single bytes.
        Ok(unsafe { Shared::new(start.cast(), length) })
    }

    /// The memory of a `Uint8Array` that JavaScript keeps for as long as its environment lives.
    pub(crate) fn scratch(self, value: JsValue) -> Result<Scratch, Unexpected> {
        let (start, length) = self.typed_array(value, sys::TypedarrayType::uint8_array, "a Uint8Array")?;
        // SAFETY: JavaScript keeps the array; the value lives with the environment, on its thread.
        Ok(unsafe { Scratch::new(start.cast_mut().cast(), length) })
    }

    /// The place and the length of a typed array of a kind.
    pub(super) fn typed_array(
        self,
        value: JsValue,
        wanted: sys::napi_typedarray_type,
        what: &'static str,
    ) -> Result<(*const c_void, usize), Unexpected> {
        let (mut kind, mut length, mut start) = (-1, 0, ptr::null_mut());
        // SAFETY: a live environment; fails on anything but a typed array.
        let status = unsafe {
            sys::napi_get_typedarray_info(
                self.env(),
                value.0,
                &mut kind,
                &mut length,
                &mut start,
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        if status == sys::Status::napi_ok && kind == wanted {
            Ok((start.cast_const(), length))
        } else {
            Err(Unexpected(what))
        }
    }
}
