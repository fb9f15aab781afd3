//! Handles of JavaScript values.
//!
//! The values are in an array on the JavaScript side; here a value is the number of its slot, with a count of the
//! handles that share it. When the last handle is dropped, on any thread, the slot is queued to be cleared on the
//! JavaScript side.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering},
};

use lazy_layers_engine::{
    bus::wire::RawValue,
    value::{Failure, Value},
};
use parking_lot::{Mutex, RwLock};

use crate::raw::memory::Shared;

/// A value as bytes on their way to a store.
#[derive(Clone)]
pub(crate) enum Packed {
    /// `MessagePack`, without a prefix.
    Msgpack(Vec<u8>),
    /// A payload as it is stored.
    Payload(Vec<u8>),
}

/// Reads values that arrive in bytes.
pub(crate) trait ReadValue: Send + Sync {
    /// The value that came with an event of another instance; for several keys if `is_shared`. Called on the
    /// thread of JavaScript.
    fn read(&self, raw: RawValue, is_shared: bool) -> Result<SlotHandle, Failure<Slot>>;
}

/// The number of a slot.
pub(crate) type SlotIndex = u32;

/// Slots of the first segment of counts; each further segment is twice as large.
const FIRST_SEGMENT: u32 = 1024;
/// Enough segments for every index.
const SEGMENTS: usize = 22;

/// Counts the handles of each slot and collects the slots that are free.
pub(crate) struct SlotTable {
    /// Segments never move, so counting takes no lock.
    counts: [OnceLock<Box<[AtomicU32]>>; SEGMENTS],
    has_freed: AtomicBool,
    freed: Mutex<Vec<SlotIndex>>,
    /// How often JavaScript has answered each slot; no array where the journal tells.
    uses: RwLock<Shared<AtomicU8>>,
}

impl Default for SlotTable {
    fn default() -> Self {
        SlotTable {
            counts: Default::default(),
            has_freed: AtomicBool::default(),
            freed: Mutex::default(),
            uses: RwLock::new(Shared::NONE),
        }
    }
}

impl SlotTable {
    /// The first handle of a value that JavaScript has put into slot `index`.
    pub(crate) fn adopt(self: &Arc<Self>, index: SlotIndex, weight: u32) -> Slot {
        Slot::Held(self.hold(index, weight))
    }

    /// The same, as a counted handle.
    pub(crate) fn hold(self: &Arc<Self>, index: SlotIndex, weight: u32) -> SlotHandle {
        self.count(index).store(1, Ordering::Relaxed);
        SlotHandle { table: Arc::clone(self), index, weight }
    }

    /// Whether a slot waits to be cleared.
    pub(crate) fn has_freed(&self) -> bool {
        self.has_freed.load(Ordering::Acquire)
    }

    /// Moves up to `most` freed slots out of the queue.
    pub(crate) fn take_freed(&self, most: usize, mut take: impl FnMut(SlotIndex)) {
        let mut freed = self.freed.lock();
        let kept = freed.len().saturating_sub(most);
        freed.drain(kept..).for_each(&mut take);
        if freed.is_empty() {
            self.has_freed.store(false, Ordering::Release);
        }
    }

    /// From here on JavaScript counts uses there.
    pub(super) fn count_uses(&self, uses: Shared<AtomicU8>) {
        *self.uses.write() = uses;
    }

    fn count(&self, index: SlotIndex) -> &AtomicU32 {
        let block = index / FIRST_SEGMENT + 1;
        let segment = block.ilog2();
        let offset = index - FIRST_SEGMENT * ((1 << segment) - 1);
        let counts = self.counts[segment as usize].get_or_init(|| {
            let length = (FIRST_SEGMENT as usize) << segment;
            (0..length).map(|_| AtomicU32::new(0)).collect()
        });
        &counts[offset as usize]
    }

    fn release(&self, index: SlotIndex) {
        // As for `Arc`: accesses of other holders to the slot happen before it is freed.
        if self.count(index).fetch_sub(1, Ordering::AcqRel) == 1 {
            let mut freed = self.freed.lock();
            freed.push(index);
            self.has_freed.store(true, Ordering::Release);
        }
    }
}

/// A handle of a JavaScript value, or of one that arrived in bytes and is decoded at its first use.
#[derive(Clone)]
pub(crate) enum Slot {
    /// JavaScript has the value.
    Held(SlotHandle),
    /// JavaScript has the value once it has been asked for.
    Unread(Arc<Unread>),
    /// JavaScript has the value, and it is packed once for all its destinations.
    Packed(Arc<PackedOnce>),
}

impl Slot {
    /// The number under which JavaScript finds the value. None for a value that has not been asked for yet.
    pub(crate) fn place(&self) -> Option<SlotIndex> {
        match self {
            Slot::Held(held) => Some(held.index),
            Slot::Unread(unread) => unread.held.get().map(|held| held.index),
            Slot::Packed(packed) => Some(packed.held.index),
        }
    }

    /// The same for a value that JavaScript is known to have.
    pub(crate) fn index(&self) -> SlotIndex {
        self.place().unwrap_or(SlotIndex::MAX)
    }
}

impl Value for Slot {
    fn weight(&self) -> u64 {
        match self {
            Slot::Held(held) => u64::from(held.weight),
            Slot::Unread(unread) => unread.bytes,
            Slot::Packed(packed) => u64::from(packed.held.weight),
        }
    }

    fn realize(&self) -> Result<(), Failure<Slot>> {
        match self {
            Slot::Held(_) | Slot::Packed(_) => Ok(()),
            Slot::Unread(unread) => unread.read(),
        }
    }

    fn take_uses(&self) -> u8 {
        let held = match self {
            Slot::Held(held) => Some(held),
            Slot::Unread(unread) => unread.held.get(),
            Slot::Packed(packed) => Some(&packed.held),
        };
        held.map_or(0, |held| held.table.uses.read().take(held.index as usize))
    }

    fn packed_once(&self) -> Slot {
        match self {
            Slot::Held(held) => {
                Slot::Packed(Arc::new(PackedOnce { held: held.clone(), packed: OnceLock::new() }))
            }
            Slot::Unread(_) | Slot::Packed(_) => self.clone(),
        }
    }
}

/// A counted handle of a slot.
pub(crate) struct SlotHandle {
    table: Arc<SlotTable>,
    index: SlotIndex,
    weight: u32,
}

impl Clone for SlotHandle {
    fn clone(&self) -> Self {
        self.table.count(self.index).fetch_add(1, Ordering::Relaxed);
        SlotHandle { table: Arc::clone(&self.table), index: self.index, weight: self.weight }
    }
}

impl Drop for SlotHandle {
    fn drop(&mut self) {
        self.table.release(self.index);
    }
}

/// A value on its way to several destinations.
pub(crate) struct PackedOnce {
    held: SlotHandle,
    /// Its bytes, for as long as it is on its way.
    pub(crate) packed: OnceLock<Packed>,
}

/// A value in bytes. All its holders share the slot it is read into.
pub(crate) struct Unread {
    reader: Box<dyn ReadValue>,
    /// The number of bytes before it was read.
    bytes: u64,
    /// The bytes, until they have been read.
    raw: Mutex<Option<RawValue>>,
    held: OnceLock<SlotHandle>,
    /// Whether it is stored under several keys.
    is_shared: bool,
}

impl Unread {
    pub(crate) fn new(reader: Box<dyn ReadValue>, raw: RawValue, is_shared: bool) -> Unread {
        let bytes = raw.bytes().len() as u64;
        Unread { reader, bytes, raw: Mutex::new(Some(raw)), held: OnceLock::new(), is_shared }
    }

    fn read(&self) -> Result<(), Failure<Slot>> {
        if self.held.get().is_some() {
            return Ok(());
        }
        // Reading calls into JavaScript: no lock is held meanwhile. This happens on its thread alone.
        let Some(raw) = self.raw.lock().take() else {
            return Err(Failure::Message("a value of another instance could not be read".into()));
        };
        let held = self.reader.read(raw, self.is_shared)?;
        drop(self.held.set(held));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn freed(table: &SlotTable) -> Vec<SlotIndex> {
        let mut freed = Vec::new();
        table.take_freed(usize::MAX, |index| freed.push(index));
        freed
    }

    #[test]
    fn a_slot_is_free_when_its_last_handle_goes() {
        let table = Arc::new(SlotTable::default());
        let first = table.adopt(7, 0);
        let second = first.clone();
        drop(first);
        assert_eq!(freed(&table), Vec::<SlotIndex>::new());
        drop(second);
        assert_eq!(freed(&table), vec![7]);
        assert_eq!(freed(&table), Vec::<SlotIndex>::new());
    }

    #[test]
    fn slots_of_every_segment_are_counted_apart() {
        let table = Arc::new(SlotTable::default());
        let indexes = [0, 1023, 1024, 3071, 3072, 7167, 7168, 1_000_000];
        let handles: Vec<Slot> = indexes.iter().map(|index| table.adopt(*index, 0)).collect();
        drop(handles);
        assert_eq!(freed(&table), indexes);
    }

    #[test]
    fn handles_dropped_on_other_threads_are_not_lost() {
        let table = Arc::new(SlotTable::default());
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let handles: Vec<Slot> =
                    (0..1000).map(|index| table.adopt(thread * 1000 + index, 0)).collect();
                std::thread::spawn(move || drop(handles))
            })
            .collect();
        for thread in threads {
            thread.join().expect("the thread ends well");
        }
        assert_eq!(freed(&table).len(), 4000);
    }
}
