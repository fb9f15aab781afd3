//! Wakes the thread of an environment from any other thread, and notices the end of an environment.

use std::{
    ffi::{CStr, c_void},
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
};

use lazy_layers_drivers::wakes::Sleeper;
use napi::sys;
use parking_lot::Mutex;

use super::js::{Js, Unexpected};

/// Makes the environment's thread call back soon. Thread-safe; does nothing once closed.
pub(crate) struct Wake {
    /// The lock keeps the function alive while another thread calls it.
    function: Mutex<Option<Function>>,
}

const HAS_REF: &CStr = c"hasRef";

unsafe extern "C" fn says_no(env: sys::napi_env, _: sys::napi_callback_info) -> sys::napi_value {
    let mut no = ptr::null_mut();
    // SAFETY: a live environment, which calls this.
    unsafe { sys::napi_get_boolean(env, false, &mut no) };
    no
}

struct Function(sys::napi_threadsafe_function);

// SAFETY: a threadsafe function may be called from every thread until it is released.
unsafe impl Send for Function {}

impl Wake {
    /// A wake of the current environment that calls `woken` there. It does not keep the process alive.
    pub(crate) fn new(js: Js, woken: fn(Js)) -> Result<Wake, Unexpected> {
        let mut function = ptr::null_mut();
        let name = js.text("lazy-layers-cache");
        let resource = Self::resource(js).unwrap_or(ptr::null_mut());
        // SAFETY: a live environment on its thread; `woken` is a function pointer that `called` turns back.
        let made = unsafe {
            sys::napi_create_threadsafe_function(
                js.env(),
                ptr::null_mut(),
                resource,
                name.0,
                0,
                1,
                ptr::null_mut(),
                None,
                woken as *mut c_void,
                Some(called),
                &mut function,
            ) == sys::Status::napi_ok
                && sys::napi_unref_threadsafe_function(js.env(), function) == sys::Status::napi_ok
        };
        if made {
            Ok(Wake { function: Mutex::new(Some(Function(function))) })
        } else {
            Err(Unexpected("an environment that can be woken"))
        }
    }

    /// The object that represents a wake in lists of open handles, such as jest's: its `hasRef` says that the
    /// wake keeps nothing alive. A request under way is listed as itself.
    fn resource(js: Js) -> Option<sys::napi_value> {
        let (mut object, mut function) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: a live environment on its thread; the names are of the length that is given.
        let made = unsafe {
            sys::napi_create_object(js.env(), &mut object) == sys::Status::napi_ok
                && sys::napi_create_function(
                    js.env(),
                    HAS_REF.as_ptr(),
                    HAS_REF.count_bytes() as isize,
                    Some(says_no),
                    ptr::null_mut(),
                    &mut function,
                ) == sys::Status::napi_ok
                && sys::napi_set_named_property(js.env(), object, HAS_REF.as_ptr(), function)
                    == sys::Status::napi_ok
        };
        made.then_some(object)
    }

    /// A wake without an effect.
    #[cfg(test)]
    pub(crate) fn none() -> Wake {
        Wake { function: Mutex::new(None) }
    }

    /// Whether an open wake keeps the process alive. On the environment's thread only.
    pub(crate) fn keep_process_alive(&self, js: Js, keep: bool) {
        if let Some(Function(function)) = &*self.function.lock() {
            // SAFETY: not released, for the lock is held; on the environment's thread.
            unsafe {
                if keep {
                    sys::napi_ref_threadsafe_function(js.env(), *function)
                } else {
                    sys::napi_unref_threadsafe_function(js.env(), *function)
                }
            };
        }
    }

    /// Closes the wake: from here on it wakes nothing.
    pub(crate) fn close(&self) {
        if let Some(Function(function)) = self.function.lock().take() {
            // SAFETY: taken out, so it is released once and not used again.
            unsafe {
                sys::napi_release_threadsafe_function(function, sys::ThreadsafeFunctionReleaseMode::abort)
            };
        }
    }
}

impl Sleeper for Wake {
    fn wake(&self) {
        if let Some(Function(function)) = &*self.function.lock() {
            // SAFETY: not released, for the lock is held.
            unsafe {
                sys::napi_call_threadsafe_function(
                    *function,
                    ptr::null_mut(),
                    sys::ThreadsafeFunctionCallMode::nonblocking,
                )
            };
        }
    }
}

unsafe extern "C" fn called(
    env: sys::napi_env,
    _function: sys::napi_value,
    context: *mut c_void,
    _data: *mut c_void,
) {
    // N-API passes no environment when it is being torn down.
    if env.is_null() {
        return;
    }
    // SAFETY: the context is the function pointer given to `new`; a handle scope is open.
    let (js, woken) = unsafe { (Js::new(env), std::mem::transmute::<*mut c_void, fn(Js)>(context)) };
    // The executor catches panics of requests. A panic of the executor itself must not leave either.
    drop(catch_unwind(AssertUnwindSafe(|| woken(js))));
}

/// Calls `ended` on the environment's thread when it is torn down.
pub(crate) fn at_end(js: Js, ended: fn()) {
    // SAFETY: a live environment; `ended` is a function pointer that `run_end` turns back.
    unsafe { sys::napi_add_env_cleanup_hook(js.env(), Some(run_end), ended as *mut c_void) };
}

unsafe extern "C" fn run_end(data: *mut c_void) {
    // SAFETY: the pointer given in `at_end`.
    let ended = unsafe { std::mem::transmute::<*mut c_void, fn()>(data) };
    drop(catch_unwind(AssertUnwindSafe(ended)));
}
