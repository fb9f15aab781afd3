//! The entry of the addon: the function that Node.js looks for in a library that it loads.

use std::sync::Once;

use napi_sys as sys;

use super::{
    call::{Answers, RawFunction, export, throw},
    js::Js,
};

/// The functions of N-API are looked up in the host program, once.
static LOOKED_UP: Once = Once::new();

/// The object that JavaScript requires, while the addon is loaded.
pub(crate) struct Exports {
    js: Js,
    object: sys::napi_value,
}

impl Exports {
    /// Adds a function. Returns false if the environment does not take it.
    pub(crate) fn add<A: Answers>(&self, name: &str, function: RawFunction<A>) -> bool {
        export(self.js, self.object, name, function)
    }
}

/// Lets a function fill the object that JavaScript requires; its error is thrown.
///
/// # Safety
/// Called by Node.js, as it loads the addon.
pub(crate) unsafe fn load(
    env: sys::napi_env,
    object: sys::napi_value,
    fill: fn(&Exports) -> Result<(), String>,
) -> sys::napi_value {
    // SAFETY: the host program has the functions of N-API, and this thread is that of `env`.
    let js = unsafe {
        LOOKED_UP.call_once(|| drop(sys::setup()));
        Js::new(env)
    };
    match fill(&Exports { js, object }) {
        Ok(()) => object,
        Err(message) => throw(js, &message),
    }
}

/// Makes a function the one that fills the object that JavaScript requires, in each environment.
macro_rules! entry {
    ($fill:path) => {
        #[unsafe(no_mangle)]
        unsafe extern "C" fn napi_register_module_v1(
            env: napi_sys::napi_env,
            exports: napi_sys::napi_value,
        ) -> napi_sys::napi_value {
            // SAFETY: Node.js calls this, as it loads the addon.
            unsafe { $crate::raw::entry::load(env, exports, $fill) }
        }
    };
}
pub(crate) use entry;
