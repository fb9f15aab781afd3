//! Handles of JavaScript values.
//!
//! The values are in an array on the JavaScript side; here a value is the number of its slot, with a count of the
//! handles that share it. When the last handle is dropped, on any thread, the slot is queued to be cleared on the
//! JavaScript side.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU8, AtomicU32, Ordering},
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

/// The end of a list of slots.
const NO_SLOT: SlotIndex = SlotIndex::MAX;
/// Slots of the first segment of counts; each further segment is twice as large.
const FIRST_SEGMENT: u32 = 1024;
/// Enough segments for every index.
const SEGMENTS: usize = 22;

/// Counts the handles of each slot and collects the slots that are free.
pub(crate) struct SlotTable {
    /// The handles of each slot; of a freed slot, the one that was freed before it. Segments never move, so counting
    /// takes no lock.
    counts: [OnceLock<Box<[AtomicU32]>>; SEGMENTS],
    /// The slot that was freed last: a stack without a lock (Treiber 1986). It is taken whole.
    freed: AtomicU32,
    /// Those that were taken from the stack and are still to be moved out.
    taken: AtomicU32,
    /// How often JavaScript has answered each slot; no array where the journal tells.
    uses: RwLock<Shared<AtomicU8>>,
}

impl Default for SlotTable {
    fn default() -> Self {
        SlotTable {
            counts: Default::default(),
            freed: AtomicU32::new(NO_SLOT),
            taken: AtomicU32::new(NO_SLOT),
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
        [&self.taken, &self.freed].iter().any(|first| first.load(Ordering::Relaxed) != NO_SLOT)
    }

    /// Moves up to `most` freed slots out. For one thread, that of JavaScript.
    pub(crate) fn take_freed(&self, most: usize, mut take: impl FnMut(SlotIndex)) {
        let mut next = self.taken.load(Ordering::Relaxed);
        for _ in 0..most {
            if next == NO_SLOT {
                next = self.freed.swap(NO_SLOT, Ordering::Acquire);
            }
            if next == NO_SLOT {
                break;
            }
            // Read before the slot may be used again.
            let before = self.count(next).load(Ordering::Relaxed);
            take(next);
            next = before;
        }
        self.taken.store(next, Ordering::Relaxed);
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
        let count = self.count(index);
        // As for `Arc`: accesses of other holders to the slot happen before it is freed. Nobody can add to the only
        // handle but its holder.
        if count.load(Ordering::Acquire) != 1 && count.fetch_sub(1, Ordering::AcqRel) != 1 {
            return;
        }
        let mut last = self.freed.load(Ordering::Relaxed);
        loop {
            count.store(last, Ordering::Relaxed);
            match self.freed.compare_exchange_weak(last, index, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => last = now,
            }
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
        let mut freed = freed(&table);
        freed.sort_unstable();
        assert_eq!(freed, indexes);
    }

    #[test]
    fn freed_slots_are_moved_out_a_few_at_a_time() {
        let table = Arc::new(SlotTable::default());
        let free = |indexes: [SlotIndex; 3]| drop(indexes.map(|index| table.adopt(index, 0)));
        free([1, 2, 3]);
        let mut moved = Vec::new();
        table.take_freed(2, |index| moved.push(index));
        assert_eq!((moved.len(), table.has_freed()), (2, true));
        free([4, 5, 6]);
        table.take_freed(0, |_| panic!("none was asked for"));
        table.take_freed(4, |index| moved.push(index));
        assert!(!table.has_freed());
        moved.sort_unstable();
        assert_eq!(moved, [1, 2, 3, 4, 5, 6]);
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
