//! The end of a process: its buses say goodbye, so that other instances do not take it for cut off.

use std::{sync::Arc, time::Duration};

use tokio::{runtime::Handle, time::timeout};

use super::EventBus;

/// How long the end of a process waits. Brokers take a goodbye within a few milliseconds.
const LIMIT: Duration = Duration::from_millis(250);

/// Has the buses that have a session send what waits, say goodbye and disconnect, and waits for that. Called outside
/// of the runtime.
pub fn leave(runtime: &Handle, buses: impl Iterator<Item = Arc<EventBus>>) {
    let left: Vec<_> = buses.filter_map(|bus| bus.leave()).collect();
    if left.is_empty() {
        return;
    }
    let all = async {
        for left in left {
            left.await;
        }
    };
    // A goodbye that comes later is one that never came.
    drop(runtime.block_on(async { timeout(LIMIT, all).await }));
}
