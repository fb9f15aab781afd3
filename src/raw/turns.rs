//! Notices the turns of an environment's event loop, by libuv, whose functions the host program exports.

use std::{cell::Cell, ffi::c_void, ptr, sync::atomic::AtomicU64};

#[cfg(unix)]
use libloading::os::unix::Library;
#[cfg(windows)]
use libloading::os::windows::Library;
use napi::sys;

use super::{js::Js, memory::Shared};

/// A prepare or a check handle of libuv, whose layout only libuv knows.
type Handle = *mut c_void;
type Callback = unsafe extern "C" fn(Handle);

/// `UV_CHECK` and `UV_PREPARE` of `uv_handle_type`: part of libuv's ABI since its first version.
const CHECK: i32 = 2;
const PREPARE: i32 = 9;

/// The functions of libuv in use.
struct Uv {
    handle_size: unsafe extern "C" fn(i32) -> usize,
    set_data: unsafe extern "C" fn(Handle, *mut c_void),
    prepare_init: unsafe extern "C" fn(*mut sys::uv_loop_s, Handle) -> i32,
    prepare_start: unsafe extern "C" fn(Handle, Callback) -> i32,
    check_init: unsafe extern "C" fn(*mut sys::uv_loop_s, Handle) -> i32,
    check_start: unsafe extern "C" fn(Handle, Callback) -> i32,
    unref: unsafe extern "C" fn(Handle),
    close: unsafe extern "C" fn(Handle, Callback),
}

impl Uv {
    fn find() -> Option<Uv> {
        #[cfg(unix)]
        let host = Library::this();
        #[cfg(windows)]
        let host = Library::this().ok()?;
        // SAFETY: these are the signatures of libuv 1; `uv_loop_t` and handles are only passed on.
        unsafe {
            Some(Uv {
                handle_size: *host.get(b"uv_handle_size\0").ok()?,
                set_data: *host.get(b"uv_handle_set_data\0").ok()?,
                prepare_init: *host.get(b"uv_prepare_init\0").ok()?,
                prepare_start: *host.get(b"uv_prepare_start\0").ok()?,
                check_init: *host.get(b"uv_check_init\0").ok()?,
                check_start: *host.get(b"uv_check_start\0").ok()?,
                unref: *host.get(b"uv_unref\0").ok()?,
                close: *host.get(b"uv_close\0").ok()?,
            })
        }
    }
}

/// The two handles of an environment. They are freed when libuv has closed both.
struct Turns {
    uv: Uv,
    words: Shared<AtomicU64>,
    turned: fn(&Shared<AtomicU64>),
    /// The memory of the handles.
    handles: [*mut [u128]; 2],
    open: Cell<usize>,
    hook: Cell<sys::napi_async_cleanup_hook_handle>,
}

/// Until the environment ends, calls `at_turn`, which must not panic, with `words` before the loop waits, and again
/// after the callbacks of the events it waited for. This does not keep the loop alive. Returns false if the host
/// exports no libuv.
pub(crate) fn follow_turns(js: Js, words: Shared<AtomicU64>, at_turn: fn(&Shared<AtomicU64>)) -> bool {
    let Some(uv) = Uv::find() else { return false };
    let mut event_loop = ptr::null_mut();
    // SAFETY: a live environment on its thread.
    if unsafe { sys::napi_get_uv_event_loop(js.env(), &mut event_loop) } != sys::Status::napi_ok {
        return false;
    }
    let memory = |kind| {
        // SAFETY: asks for a number.
        let size = unsafe { (uv.handle_size)(kind) };
        Box::into_raw(vec![0_u128; size.div_ceil(size_of::<u128>())].into_boxed_slice())
    };
    let handles = [memory(PREPARE), memory(CHECK)];
    let (open, hook) = (Cell::new(handles.len()), Cell::new(ptr::null_mut()));
    let turns = Box::into_raw(Box::new(Turns { uv, words, turned: at_turn, handles, open, hook }));
    // SAFETY: on the thread of the loop. The handles are as large as libuv says, and aligned; they and
    // `turns`, to which they point, stay until `closed` was called for both.
    unsafe {
        let uv = &(*turns).uv;
        let [prepare, check] = handles.map(<*mut [u128]>::cast);
        (uv.prepare_init)(event_loop, prepare);
        (uv.check_init)(event_loop, check);
        for handle in [prepare, check] {
            (uv.set_data)(handle, turns.cast());
            (uv.unref)(handle);
        }
        (uv.prepare_start)(prepare, turned);
        (uv.check_start)(check, turned);
        let mut hook = ptr::null_mut();
        sys::napi_add_async_cleanup_hook(js.env(), Some(end), turns.cast(), &mut hook);
        (*turns).hook.set(hook);
    }
    true
}

/// The owner of a handle: `data` is the first field of every handle of libuv, and public.
///
/// # Safety
/// It is one of the handles of `follow_turns`, and its memory is not freed.
unsafe fn data(handle: Handle) -> *mut Turns {
    // SAFETY: as the caller says.
    unsafe { *handle.cast::<*mut Turns>() }
}

/// Called by the loop.
unsafe extern "C" fn turned(handle: Handle) {
    // SAFETY: the data of a handle that is not closed yet.
    unsafe { ((*data(handle)).turned)(&(*data(handle)).words) };
}

/// The environment ends: it waits until the handles are closed.
unsafe extern "C" fn end(_hook: sys::napi_async_cleanup_hook_handle, turns: *mut c_void) {
    let turns: *mut Turns = turns.cast();
    // SAFETY: called once, on the thread of the loop, before anything of `turns` is freed. A handle that
    // closes is stopped.
    unsafe {
        for handle in (*turns).handles {
            ((*turns).uv.close)(handle.cast(), closed);
        }
    }
}

/// Called by the loop when it has released a handle.
unsafe extern "C" fn closed(handle: Handle) {
    // SAFETY: the data that was set. After the last handle, no pointer into it is left.
    unsafe {
        let turns: *mut Turns = data(handle);
        let open = (*turns).open.get() - 1;
        (*turns).open.set(open);
        if open > 0 {
            return;
        }
        let turns = Box::from_raw(turns);
        for handle in turns.handles {
            drop(Box::from_raw(handle));
        }
        sys::napi_remove_async_cleanup_hook(turns.hook.get());
    }
}
