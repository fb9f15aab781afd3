//! Values and functions of a JavaScript environment. Everything here runs on its thread.

use std::ptr;

use lazy_layers_engine::entry::key::Key;
use napi::sys;

/// The thread of one environment, while it is inside a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Js {
    env: sys::napi_env,
}

/// A value, alive until the call it belongs to returns.
#[derive(Debug, Clone, Copy)]
#[repr(transparent)]
pub(crate) struct JsValue(pub(super) sys::napi_value);

/// A function that stays alive with its environment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JsFunction(JsKept);

/// An object that stays alive until it is released, or with its environment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JsKept {
    reference: sys::napi_ref,
}

/// A scope of values, which ends when this is dropped.
struct Scope {
    env: sys::napi_env,
    scope: Option<sys::napi_handle_scope>,
}

impl Drop for Scope {
    fn drop(&mut self) {
        if let Some(scope) = self.scope {
            // SAFETY: opened in this environment, on this thread, and closed once.
            unsafe { sys::napi_close_handle_scope(self.env, scope) };
        }
    }
}

/// A function that this reference does not keep alive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JsWeakFunction {
    reference: sys::napi_ref,
}

/// The expected type of a value.
#[derive(Debug)]
pub(crate) struct Unexpected(pub(crate) &'static str);

impl Js {
    /// # Safety
    /// `env` is the environment of the current thread, and a handle scope is open.
    pub(crate) unsafe fn new(env: sys::napi_env) -> Js {
        Js { env }
    }

    pub(super) fn env(self) -> sys::napi_env {
        self.env
    }

    pub(crate) fn undefined(self) -> JsValue {
        let mut value = ptr::null_mut();
        // SAFETY: a live environment on its own thread (`Js::new`).
        unsafe { sys::napi_get_undefined(self.env, &mut value) };
        JsValue(value)
    }

    pub(crate) fn number(self, number: f64) -> JsValue {
        let mut value = ptr::null_mut();
        // SAFETY: as in `undefined`.
        unsafe {
            #[expect(clippy::cast_possible_truncation, reason = "checked by the comparison after it")]
            let small = number as i32;
            // Small integers come out without an allocation on the JavaScript heap.
            if f64::from(small).to_bits() == number.to_bits() {
                sys::napi_create_int32(self.env, small, &mut value)
            } else {
                sys::napi_create_double(self.env, number, &mut value)
            }
        };
        JsValue(value)
    }

    pub(crate) fn text(self, text: &str) -> JsValue {
        let mut value = ptr::null_mut();
        let length = text.len().cast_signed();
        // SAFETY: as in `undefined`; the text is read before the call returns.
        let status =
            unsafe { sys::napi_create_string_utf8(self.env, text.as_ptr().cast(), length, &mut value) };
        if status == sys::Status::napi_ok { JsValue(value) } else { self.undefined() }
    }

    pub(crate) fn key(self, key: &Key) -> JsValue {
        if key.as_bytes().is_ascii() {
            return self.latin1(key.as_bytes());
        }
        let units = key.to_utf16();
        let mut value = ptr::null_mut();
        let length = units.len().cast_signed();
        // SAFETY: as in `text`.
        let status = unsafe { sys::napi_create_string_utf16(self.env, units.as_ptr(), length, &mut value) };
        if status == sys::Status::napi_ok { JsValue(value) } else { self.undefined() }
    }

    /// A text from bytes that are one character each.
    pub(crate) fn latin1(self, text: &[u8]) -> JsValue {
        let mut value = ptr::null_mut();
        let length = text.len().cast_signed();
        // SAFETY: as in `text`.
        let status =
            unsafe { sys::napi_create_string_latin1(self.env, text.as_ptr().cast(), length, &mut value) };
        if status == sys::Status::napi_ok { JsValue(value) } else { self.undefined() }
    }

    pub(crate) fn read_number(self, value: JsValue) -> Result<f64, Unexpected> {
        let mut number = 0.0;
        // SAFETY: as in `undefined`; any value may be asked.
        let status = unsafe { sys::napi_get_value_double(self.env, value.0, &mut number) };
        if status == sys::Status::napi_ok { Ok(number) } else { Err(Unexpected("a number")) }
    }

    pub(crate) fn flag(self, flag: bool) -> JsValue {
        let mut value = ptr::null_mut();
        // SAFETY: as in `undefined`.
        unsafe { sys::napi_get_boolean(self.env, flag, &mut value) };
        JsValue(value)
    }

    pub(crate) fn read_flag(self, value: JsValue) -> Result<bool, Unexpected> {
        let mut flag = false;
        // SAFETY: as in `read_number`.
        let status = unsafe { sys::napi_get_value_bool(self.env, value.0, &mut flag) };
        if status == sys::Status::napi_ok { Ok(flag) } else { Err(Unexpected("true or false")) }
    }

    pub(crate) fn read_u32(self, value: JsValue) -> Result<u32, Unexpected> {
        let mut number = 0;
        // SAFETY: as in `read_number`.
        let status = unsafe { sys::napi_get_value_uint32(self.env, value.0, &mut number) };
        if status == sys::Status::napi_ok { Ok(number) } else { Err(Unexpected("an integer")) }
    }

    /// A string as a key. Short ones, which nearly all are, are read without the heap.
    pub(crate) fn read_key(self, value: JsValue) -> Result<Key, Unexpected> {
        const SHORT: usize = 128;
        let mut units = [0_u16; SHORT];
        let length = self.read_units(value, &mut units)?;
        if length < SHORT - 1 {
            return Ok(Key::from_utf16(&units[..length]));
        }
        let units = self.read_units_of(value)?;
        Ok(Key::from_utf16(&units))
    }

    /// An element of an array or of another object that is indexed.
    pub(crate) fn element(self, array: JsValue, index: u32) -> Result<JsValue, Unexpected> {
        let mut element = ptr::null_mut();
        // SAFETY: as in `read_number`; fails on anything but an object.
        let status = unsafe { sys::napi_get_element(self.env, array.0, index, &mut element) };
        if status == sys::Status::napi_ok { Ok(JsValue(element)) } else { Err(Unexpected("an array")) }
    }

    /// The property of an object.
    pub(crate) fn property(self, object: JsValue, name: &str) -> Result<JsValue, Unexpected> {
        let mut property = ptr::null_mut();
        let name = self.text(name);
        // SAFETY: as in `read_number`; fails on anything but an object.
        let status = unsafe { sys::napi_get_property(self.env, object.0, name.0, &mut property) };
        if status == sys::Status::napi_ok { Ok(JsValue(property)) } else { Err(Unexpected("an object")) }
    }

    /// An array of strings and numbers as keys.
    pub(crate) fn read_keys(self, array: JsValue) -> Result<Vec<Key>, Unexpected> {
        let mut length = 0;
        // SAFETY: as in `read_number`.
        if unsafe { sys::napi_get_array_length(self.env, array.0, &mut length) } != sys::Status::napi_ok {
            return Err(Unexpected("an array of keys"));
        }
        (0..length)
            .map(|index| {
                let element = self.element(array, index)?;
                let mut text = ptr::null_mut();
                // SAFETY: as in `read_number`; fails cleanly on values it does not take.
                let status = unsafe { sys::napi_coerce_to_string(self.env, element.0, &mut text) };
                if status != sys::Status::napi_ok {
                    return Err(Unexpected("a key"));
                }
                let numeric = self.read_number(element).is_ok();
                self.read_key(JsValue(text)).map(|key| key.given_as_number(numeric))
            })
            .collect()
    }

    /// A string; lone surrogates become the replacement character.
    pub(crate) fn read_text(self, value: JsValue) -> Result<String, Unexpected> {
        self.read_units_of(value).map(|units| String::from_utf16_lossy(&units))
    }

    /// Reads the first UTF-16 code units of a string, one less than `units` has room for. Returns their number.
    pub(super) fn read_units(self, value: JsValue, units: &mut [u16]) -> Result<usize, Unexpected> {
        let mut length = 0;
        // SAFETY: as in `read_number`; at most `units.len()` units are written, the last one a zero.
        let status = unsafe {
            sys::napi_get_value_string_utf16(self.env, value.0, units.as_mut_ptr(), units.len(), &mut length)
        };
        if status == sys::Status::napi_ok { Ok(length) } else { Err(Unexpected("a string")) }
    }

    /// The UTF-16 code units of a string.
    pub(crate) fn read_units_of(self, value: JsValue) -> Result<Vec<u16>, Unexpected> {
        let mut length = 0;
        // SAFETY: as in `read_number`; without a buffer only the length is asked.
        let status =
            unsafe { sys::napi_get_value_string_utf16(self.env, value.0, ptr::null_mut(), 0, &mut length) };
        if status != sys::Status::napi_ok {
            return Err(Unexpected("a string"));
        }
        let mut units = vec![0; length + 1];
        let length = self.read_units(value, &mut units)?;
        units.truncate(length);
        Ok(units)
    }

    pub(crate) fn is_undefined(self, value: JsValue) -> bool {
        let mut kind = 0;
        // SAFETY: as in `read_number`.
        let status = unsafe { sys::napi_typeof(self.env, value.0, &mut kind) };
        status == sys::Status::napi_ok && kind == sys::ValueType::napi_undefined
    }

    /// Keeps a function for as long as the environment lives.
    pub(crate) fn keep_function(self, value: JsValue) -> Result<JsFunction, Unexpected> {
        let mut kind = 0;
        // SAFETY: as in `read_number`.
        let known = unsafe { sys::napi_typeof(self.env, value.0, &mut kind) } == sys::Status::napi_ok;
        if known && kind == sys::ValueType::napi_function {
            return self.keep(value).map(JsFunction);
        }
        Err(Unexpected("a function"))
    }

    /// Keeps an object until [`Js::let_go`], or for as long as the environment lives.
    pub(crate) fn keep(self, value: JsValue) -> Result<JsKept, Unexpected> {
        let mut reference = ptr::null_mut();
        // SAFETY: as in `read_number`; fails on anything but an object.
        let status = unsafe { sys::napi_create_reference(self.env, value.0, 1, &mut reference) };
        if status == sys::Status::napi_ok { Ok(JsKept { reference }) } else { Err(Unexpected("an object")) }
    }

    /// The object that is kept.
    pub(crate) fn kept(self, kept: JsKept) -> JsValue {
        let mut value = ptr::null_mut();
        // SAFETY: the reference was made in this environment and has not been deleted: `let_go` takes it away.
        unsafe { sys::napi_get_reference_value(self.env, kept.reference, &mut value) };
        JsValue(value)
    }

    /// Releases kept objects.
    pub(crate) fn let_go(self, kept: Vec<JsKept>) {
        for kept in kept {
            // SAFETY: as in `kept`; its holder has handed it over, so it is deleted once.
            unsafe { sys::napi_delete_reference(self.env, kept.reference) };
        }
    }

    /// Runs a script of this package in the main realm of the environment; returns its result.
    pub(crate) fn run(self, text: &str) -> Result<JsValue, Unexpected> {
        let mut value = ptr::null_mut();
        let text = self.text(text);
        // SAFETY: as in `undefined`; the text is a string.
        let status = unsafe { sys::napi_run_script(self.env, text.0, &mut value) };
        if status == sys::Status::napi_ok { Ok(JsValue(value)) } else { Err(Unexpected("a text that runs")) }
    }

    /// Runs `act` in a scope of its own: the values that it makes are released at its end, and not at the end
    /// of the call into the addon. It must not return any of them.
    pub(crate) fn scoped(self, act: impl FnOnce()) {
        let mut scope = ptr::null_mut();
        // SAFETY: as in `undefined`. Scopes nest as calls do: this one is closed below, or by the unwinding of a panic.
        let opened = unsafe { sys::napi_open_handle_scope(self.env, &mut scope) } == sys::Status::napi_ok;
        let scope = Scope { env: self.env, scope: opened.then_some(scope) };
        act();
        drop(scope);
    }

    /// Calls a kept function. Its exceptions are dropped: the functions of the facade catch everything.
    pub(crate) fn call(self, function: JsFunction, args: &[JsValue]) -> Option<JsValue> {
        self.call_value(self.kept(function.0), args)
    }

    /// References a function without keeping it alive, until [`Js::forget`].
    pub(crate) fn keep_weakly(self, value: JsValue) -> Result<JsWeakFunction, Unexpected> {
        let mut reference = ptr::null_mut();
        // SAFETY: as in `read_number`; fails on anything but an object.
        let status = unsafe { sys::napi_create_reference(self.env, value.0, 0, &mut reference) };
        if status == sys::Status::napi_ok {
            Ok(JsWeakFunction { reference })
        } else {
            Err(Unexpected("a function"))
        }
    }

    /// Deletes such a reference. No copy of it may be used from here on.
    pub(crate) fn forget(self, function: JsWeakFunction) {
        // SAFETY: the reference was made in this environment; the caller keeps no copy.
        unsafe { sys::napi_delete_reference(self.env, function.reference) };
    }

    /// Whether such a function still exists.
    pub(crate) fn is_there(self, function: JsWeakFunction) -> bool {
        let mut callee = ptr::null_mut();
        // SAFETY: the reference was made in this environment and is not deleted yet; it may be of nothing.
        unsafe { sys::napi_get_reference_value(self.env, function.reference, &mut callee) };
        !callee.is_null()
    }

    /// Calls such a function, if it still exists.
    pub(crate) fn call_weak(self, function: JsWeakFunction, args: &[JsValue]) -> Option<JsValue> {
        let mut callee = ptr::null_mut();
        // SAFETY: the reference was made in this environment and is not deleted yet; it may be of nothing.
        unsafe { sys::napi_get_reference_value(self.env, function.reference, &mut callee) };
        if callee.is_null() { None } else { self.call_value(JsValue(callee), args) }
    }

    /// Calls a function that was passed in.
    pub(crate) fn call_value(self, callee: JsValue, args: &[JsValue]) -> Option<JsValue> {
        let mut result = ptr::null_mut();
        // SAFETY: as in `undefined`; `JsValue` is a transparent handle, and the handles outlive the call.
        let status = unsafe {
            sys::napi_call_function(
                self.env,
                self.undefined().0,
                callee.0,
                args.len(),
                args.as_ptr().cast(),
                &mut result,
            )
        };
        if status == sys::Status::napi_ok {
            return Some(JsValue(result));
        }
        let mut thrown = ptr::null_mut();
        // SAFETY: as in `undefined`; clears the exception, so that the next call can be made.
        unsafe { sys::napi_get_and_clear_last_exception(self.env, &mut thrown) };
        None
    }
}
