//! Whether the login of a bus may send and receive heartbeats, which have a name of their own. A bus whose login has
//! rights to the documented name alone works without them: event numbers show gaps.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use tracing::warn;

use crate::targets::BUS;

/// The right to heartbeats.
pub(crate) struct HeartbeatRights {
    /// Where heartbeats go.
    pub(crate) name: String,
    is_missing: AtomicBool,
}

impl HeartbeatRights {
    /// The right counts as given until the broker denies it.
    pub(crate) fn new(name: String) -> HeartbeatRights {
        HeartbeatRights { name, is_missing: AtomicBool::new(false) }
    }

    /// Whether heartbeats are sent and heard.
    pub(crate) fn are_there(&self) -> bool {
        !self.is_missing.load(SeqCst)
    }

    /// The broker denies heartbeats to this user. Logged once.
    pub(crate) fn are_missing(&self, transport: &'static str) {
        if !self.is_missing.swap(true, SeqCst) {
            let name = &self.name;
            warn!(target: BUS, transport, name, "no right to heartbeats: gaps are found by the numbers of events alone");
        }
    }
}
