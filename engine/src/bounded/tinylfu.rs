//! Admission by frequency, by moka: it holds only node ids, no values, and chooses which to evict.
//!
//! In front of it is a [`Window`]: a newcomer competes by its frequency only once others have come after it. Without
//! one, a key that is in use for a short time would never get in.
//!
//! moka's clock and lifetimes are not used. Its own view of the bounds is never wider than that of the
//! map: with a byte bound, each entry is charged at least the average share, so bytes bound entries too.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use foldhash::quality::RandomState;
use moka::sync::Cache;
use parking_lot::Mutex;

use super::{
    Limits,
    slab::NodeId,
    window::{Newcomer, Window},
};

/// The share of the window is one in this. Measured: see docs/decisions/policies.md.
const SHARE: usize = 5;

/// A node as moka knows it. The frequency is that of the key, whichever node it is in and whether or
/// not it is in one: so the key alone is hashed.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Slot {
    hash: u32,
    id: NodeId,
}

impl Hash for Slot {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(self.hash);
    }
}

/// The id of no node: to look for a key that is not there.
const NO_NODE: NodeId = NodeId::MAX;

pub(super) struct TinyLfu {
    window: Window,
    /// Node to charge.
    slots: Cache<Slot, u32, RandomState>,
    evicted: Arc<Mutex<Vec<Slot>>>,
    charge: Option<Charge>,
}

impl TinyLfu {
    pub(super) fn new(limits: Limits) -> TinyLfu {
        let evicted = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&evicted);
        let window =
            Limits { entries: limits.entries / SHARE, bytes: limits.bytes.map(|bytes| bytes / SHARE as u64) };
        let entries = limits.entries - window.entries;
        let charge = limits.bytes.zip(window.bytes).map(|(all, window)| Charge::new(entries, all - window));
        let capacity = charge.as_ref().map_or(entries as u64, |charge| u64::from(charge.most));
        let builder = Cache::builder().max_capacity(capacity).eviction_listener(
            move |slot: Arc<Slot>, _: u32, cause| {
                if cause.was_evicted() {
                    sink.lock().push(*slot);
                }
            },
        );
        let builder = if charge.is_some() { builder.weigher(|_, &charge| charge) } else { builder };
        let slots = builder.build_with_hasher(RandomState::default());
        TinyLfu { window: Window::new(window, limits.entries), slots, evicted, charge }
    }

    pub(super) fn added(&mut self, id: NodeId, hash: u32, weight: u64) {
        self.window.add(id, Newcomer { hash, weight });
        self.settle();
    }

    pub(super) fn overwritten(&mut self, id: NodeId, hash: u32, weight: u64) {
        self.touched(id, hash);
        if self.charge.is_none() {
            return;
        }
        if self.window.remove(id).is_some() {
            self.added(id, hash, weight);
        } else {
            self.compete(id, Newcomer { hash, weight });
            self.slots.run_pending_tasks();
        }
    }

    /// Those for which the window has no room compete.
    fn settle(&mut self) {
        let mut some = false;
        while let Some((id, newcomer)) = self.window.overflow() {
            self.compete(id, newcomer);
            some = true;
        }
        if some {
            self.slots.run_pending_tasks();
        }
    }

    fn compete(&self, id: NodeId, Newcomer { hash, weight }: Newcomer) {
        self.slots.insert(Slot { hash, id }, self.charge.as_ref().map_or(1, |charge| charge.of(weight)));
    }

    pub(super) fn touched(&mut self, id: NodeId, hash: u32) {
        self.window.touched(id);
        // Also a use of one in the window: it counts for the frequency of its key.
        self.slots.get(&Slot { hash, id });
    }

    pub(super) fn record_miss(&mut self, hash: u32) {
        self.slots.get(&Slot { hash, id: NO_NODE });
    }

    pub(super) fn removed(&mut self, id: NodeId, hash: u32) {
        if self.window.remove(id).is_none() {
            self.slots.invalidate(&Slot { hash, id });
        }
    }

    pub(super) fn decided(&mut self) -> Option<(NodeId, u32)> {
        self.evicted.lock().pop().map(|slot| (slot.id, slot.hash))
    }
}

/// Weights as moka counts them, in 32 bits: rounded up, while the bound of their sum is rounded down.
struct Charge {
    unit: u64,
    least: u32,
    most: u32,
}

impl Charge {
    fn new(entries: usize, bytes: u64) -> Charge {
        let unit = bytes.div_ceil(u64::from(u32::MAX)).max(1);
        let most = narrow(bytes / unit).max(1);
        let share = bytes.div_ceil(entries as u64).max(1);
        Charge { unit, least: narrow(share.div_ceil(unit)).min(most), most }
    }

    /// A weight within the byte bound never charges more than all there is.
    fn of(&self, weight: u64) -> u32 {
        narrow(weight.div_ceil(self.unit)).clamp(self.least, self.most)
    }
}

fn narrow(charge: u64) -> u32 {
    u32::try_from(charge).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charge_bounds_entries_and_bytes() {
        for (entries, bytes) in [(1, 1), (3, 100), (100, 3), (1, 1 << 40), (1000, 1 << 40), (7, u64::MAX)] {
            let charge = Charge::new(entries, bytes);
            assert!(u64::from(charge.most) / u64::from(charge.of(0)) <= entries as u64, "{entries} {bytes}");
            assert!(charge.of(bytes) <= charge.most);
            let half = u128::from(bytes / 2 + 1);
            let many = u128::from(charge.most) / u128::from(charge.of(bytes / 2 + 1));
            assert!(many * half <= u128::from(bytes), "{entries} {bytes}");
        }
    }
}
