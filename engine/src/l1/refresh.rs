//! Until when mirrors may answer entries that are loaded anew before they expire.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use parking_lot::Mutex;

use super::{
    flags::EntryFlags,
    memory::{Memory, State},
};
use crate::{clock::Time, entry::key::Key, options::refresh::Refresh, value::Value};

/// The refreshes of the caches on a layer.
#[derive(Default)]
pub(super) struct Refreshes {
    /// Callers skip the lock while there are none.
    are_any: AtomicBool,
    earliest: Mutex<Refresh>,
}

impl<V: Value> Memory<V> {
    /// A cache joins the layer. Mirrors have to ask from when one of the caches may refresh an entry.
    pub fn refreshes_by(&self, refresh: Refresh) {
        if refresh.is_on() {
            let mut held = self.refreshes.earliest.lock();
            *held = held.earliest(refresh);
            self.refreshes.are_any.store(true, Relaxed);
            drop(held);
            self.hide();
        }
    }

    /// When one of its caches refreshes an entry, if any does.
    #[must_use]
    pub fn refresh(&self) -> Option<Refresh> {
        self.refreshes.are_any.load(Relaxed).then(|| *self.refreshes.earliest.lock())
    }

    /// Lets mirrors answer a live entry until then, if its lease allows it.
    pub fn answer_until(&self, key: &Key, until: Time, now: Time) {
        let mut guard = self.lock();
        let State { entries, mirrors, .. } = &mut *guard;
        if let Some((node, entry)) = entries.peek(key.as_bytes(), now) {
            let until = until.min(entry.expires).min(EntryFlags(entry.flags).lease_end(now));
            mirrors.publish(&entry.value.value, node, until);
        }
    }

    /// Lets a live entry live on until then.
    pub fn prolong(&self, key: &Key, expires: Time, now: Time) {
        let mut guard = self.lock();
        let State { entries, mirrors, .. } = &mut *guard;
        let Some((node, _)) = entries.peek(key.as_bytes(), now) else { return };
        entries.renew(node, expires);
        if let Some(held) = entries.node_value_mut(node) {
            // The next read finds when mirrors have to ask.
            mirrors.publish(&held.value, node, now);
        }
    }

    /// Stops the mirrors from answering any entry before they are asked for it. The entries stay as they are.
    pub fn hide(&self) {
        let mut state = self.lock();
        let State { entries, mirrors, .. } = &mut *state;
        let mut cursor = Some(0);
        while let Some(from) = cursor {
            cursor = entries.scan(from, usize::MAX, Time::ZERO, |_, entry| {
                mirrors.retract(&entry.value.value);
                false
            });
        }
    }
}
