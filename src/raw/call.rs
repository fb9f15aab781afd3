//! Functions that JavaScript calls: the only `extern "C"` entry.

use std::{
    any::Any,
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
};

use napi::sys;

use super::js::{Js, JsValue, Unexpected};

/// The most arguments a function takes.
const MOST_ARGS: usize = 16;

/// An answer of a call: a number that crosses, and all that has to live until it has crossed.
pub(crate) trait Answers {
    /// The number.
    fn number(&self) -> f64;

    /// Called at the end of every call from JavaScript.
    fn left(is_answer: bool);
}

/// A function of the binding. Its result is converted after everything else of the call is done.
pub(crate) type RawFunction<A> = fn(&Args) -> Result<ReturnValue<A>, Fault>;

/// The error that a call throws.
#[derive(Debug)]
pub(crate) struct Fault(pub(crate) String);

impl From<Unexpected> for Fault {
    fn from(unexpected: Unexpected) -> Self {
        Fault(format!("expected {}", unexpected.0))
    }
}

/// The result of a call.
pub(crate) enum ReturnValue<A> {
    /// Nothing.
    Undefined,
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// A value of JavaScript.
    Value(JsValue),
    /// An answer.
    Answer(A),
}

/// The arguments of a call.
pub(crate) struct Args {
    js: Js,
    values: [sys::napi_value; MOST_ARGS],
}

impl Args {
    pub(crate) fn js(&self) -> Js {
        self.js
    }

    pub(crate) fn value(&self, index: usize) -> JsValue {
        JsValue(self.values[index])
    }

    pub(crate) fn u32(&self, index: usize) -> Result<u32, Unexpected> {
        self.js.read_u32(self.value(index))
    }

    pub(crate) fn number(&self, index: usize) -> Result<f64, Unexpected> {
        self.js.read_number(self.value(index))
    }
}

/// Adds a function to the object that JavaScript requires.
pub(crate) fn export<A: Answers>(
    env: sys::napi_env,
    exports: sys::napi_value,
    name: &str,
    function: RawFunction<A>,
) -> bool {
    let mut value = ptr::null_mut();
    let length = name.len().cast_signed();
    // SAFETY: called while the module is loaded, on the thread of `env`; a function pointer fits the data
    // pointer, and `enter` turns it back into the same type.
    unsafe {
        let mut key = ptr::null_mut();
        sys::napi_create_string_utf8(env, name.as_ptr().cast(), length, &mut key) == sys::Status::napi_ok
            && sys::napi_create_function(
                env,
                name.as_ptr().cast(),
                length,
                Some(enter::<A>),
                function as *mut c_void,
                &mut value,
            ) == sys::Status::napi_ok
            && sys::napi_set_property(env, exports, key, value) == sys::Status::napi_ok
    }
}

/// Enters from JavaScript. No panic leaves it: it is thrown as an error.
unsafe extern "C" fn enter<A: Answers>(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let mut values = [ptr::null_mut(); MOST_ARGS];
    let mut count = MOST_ARGS;
    let mut data = ptr::null_mut();
    // SAFETY: N-API calls this with a live environment; missing arguments are filled with undefined, and
    // the data is the `RawFunction` given to `export`, of the same `A`.
    let (js, function) = unsafe {
        sys::napi_get_cb_info(env, info, &mut count, values.as_mut_ptr(), ptr::null_mut(), &mut data);
        (Js::new(env), std::mem::transmute::<*mut c_void, RawFunction<A>>(data))
    };
    let args = Args { js, values };
    let mut is_answer = false;
    let called = catch_unwind(AssertUnwindSafe(|| {
        function(&args).map(|returned| {
            is_answer = matches!(returned, ReturnValue::Answer(_));
            convert(js, returned)
        })
    }));
    drop(catch_unwind(AssertUnwindSafe(|| A::left(is_answer))));
    match called {
        Ok(Ok(returned)) => returned,
        Ok(Err(fault)) => throw(js, &fault.0),
        Err(panic) => throw(js, &panic_message(&*panic)),
    }
}

fn convert<A: Answers>(js: Js, value: ReturnValue<A>) -> sys::napi_value {
    match value {
        ReturnValue::Undefined => ptr::null_mut(),
        ReturnValue::Number(number) => js.number(number).0,
        ReturnValue::Text(text) => js.text(&text).0,
        ReturnValue::Flag(flag) => js.flag(flag).0,
        ReturnValue::Value(value) => value.0,
        ReturnValue::Answer(answer) => js.number(answer.number()).0,
    }
}

fn throw(js: Js, message: &str) -> sys::napi_value {
    let message = format!("lazy-layers-cache: internal error: {message}").replace('\0', " ");
    let message = std::ffi::CString::new(message).unwrap_or_default();
    // SAFETY: a live environment; the message is copied.
    unsafe { sys::napi_throw_error(js.env(), c"INTERNAL_ERROR".as_ptr(), message.as_ptr()) };
    ptr::null_mut()
}

/// The message of a panic.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".into())
}
