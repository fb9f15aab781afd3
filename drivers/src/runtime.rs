//! The one tokio runtime of the process. It drives timers and network I/O; the caller's thread polls the requests
//! themselves.

use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime};

/// One thread: long work has threads of its own, and passing small tasks between several threads costs more than the
/// tasks themselves.
const WORKER_THREADS: usize = 1;

static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();

/// A handle to the runtime, started at its first use. A cache that needs neither a timer nor a
/// network never starts it.
///
/// # Errors
/// When the operating system refuses the threads or the event queue.
pub fn handle() -> Result<Handle, RuntimeUnavailable> {
    RUNTIME
        .get_or_init(|| {
            Builder::new_multi_thread()
                .worker_threads(WORKER_THREADS)
                .thread_name("lazy-layers-io")
                .enable_all()
                .build()
                .ok()
        })
        .as_ref()
        .map(|runtime| runtime.handle().clone())
        .ok_or(RuntimeUnavailable)
}

/// The I/O runtime could not be started.
#[derive(Debug, Clone, Copy)]
pub struct RuntimeUnavailable;

impl std::fmt::Display for RuntimeUnavailable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the I/O runtime of lazy-layers-cache could not start its threads")
    }
}

impl std::error::Error for RuntimeUnavailable {}
