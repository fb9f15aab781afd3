//! The journal of a mirror: JavaScript records its hits and writes, and the addon drains them.
//!
//! It is an array with a head of counters, a ring of records, and the slots that JavaScript has to clear; see
//! [`journal`] and [`record`]. The keys of inserted values are one text of JavaScript: to append a key and to read it
//! takes half of the time of a copy of its characters.

use std::sync::{
    Arc,
    atomic::{AtomicU8, AtomicU32},
};

use lazy_layers_engine::{entry::key::Key, l1::MirrorStats};

use super::slots::{SlotIndex, SlotTable};
use crate::{
    contract::{journal, record},
    raw::{memory::Shared, text::GrowingText},
};

/// The most records in the journal.
#[expect(clippy::cast_possible_truncation, reason = "a thousand")]
const RECORDS: u32 = journal::RECORDS as u32;

/// What JavaScript writes a journal into.
#[derive(Clone)]
pub(crate) struct JournalArrays {
    /// The head, the records, and the slots to clear.
    pub(crate) words: Shared<AtomicU32>,
    /// The length of the key of each insert.
    pub(crate) lengths: Shared<AtomicU8>,
    /// The keys, one after the other.
    pub(crate) text: Option<GrowingText>,
}

/// The journal of a mirror.
pub(super) struct Journal {
    array: Shared<AtomicU32>,
    lengths: Shared<AtomicU8>,
    text: Option<GrowingText>,
}

/// The keys of the inserts that wait.
#[derive(Default)]
pub(super) struct Keys {
    units: Vec<u16>,
    /// Where the next key begins, and the number of its insert.
    next: (usize, usize),
}

/// A record.
pub(super) enum Record {
    /// The value of the slot was answered.
    Read(SlotIndex),
    /// The value of the slot was overwritten.
    Overwrite(SlotIndex),
    /// The value of the slot was inserted under the next key.
    Insert(SlotIndex),
}

impl Record {
    /// Other threads may find a record of an earlier round, which counts as a hit.
    fn of(bits: u32) -> Record {
        let slot = bits & !(record::OVERWRITE | record::INSERT);
        if bits == record::DRAINED || bits == slot {
            Record::Read(slot)
        } else if bits & record::INSERT != 0 {
            Record::Insert(slot)
        } else {
            Record::Overwrite(slot)
        }
    }
}

impl Journal {
    /// No arrays: nothing is ever recorded.
    pub(super) const NONE: Journal = Journal { array: Shared::NONE, lengths: Shared::NONE, text: None };

    pub(super) fn new(JournalArrays { words, lengths, text }: JournalArrays) -> Journal {
        Journal { array: words, lengths, text }
    }

    /// The hits and overwrites that JavaScript counted without a record, as they repeat the last record; each
    /// modulo 2³².
    pub(super) fn repeated(&self) -> Option<[u32; 2]> {
        let at = [journal::REPEATED, journal::REPEATED_SETS];
        (self.array.len() > 0).then(|| at.map(|at| self.array.load(at)))
    }

    /// The number of the first record that is not drained, and how many such records there are.
    pub(super) fn waiting(&self) -> (u32, u32) {
        if self.array.len() == 0 {
            return (0, 0);
        }
        let first = self.array.load(journal::LIMIT).wrapping_sub(RECORDS);
        (first, self.array.load(journal::RECORDED).wrapping_sub(first).min(RECORDS))
    }

    /// The record of a number.
    pub(super) fn record(&self, number: u32) -> Record {
        Record::of(self.array.load(journal::HEAD + (number % RECORDS) as usize))
    }

    /// Reads the keys of all inserts that wait. Returns false, and none, if that fails: on another thread than that of
    /// JavaScript, where no drain finds an insert, and while the environment ends.
    pub(super) fn read_keys(&self, keys: &mut Keys) -> bool {
        keys.next = (0, 0);
        let inserted = (self.array.load(journal::INSERTED) as usize).min(self.lengths.len());
        if inserted == 0 {
            return true;
        }
        let length = (0..inserted).map(|number| self.length(number)).sum();
        self.text.is_some_and(|text| text.read(length, &mut keys.units))
    }

    fn length(&self, insert: usize) -> usize {
        usize::from(self.lengths.load(insert))
    }

    /// The key of the next insert.
    pub(super) fn next_key(&self, keys: &mut Keys) -> Key {
        let (start, number) = keys.next;
        let end = start + self.length(number);
        keys.next = (end, number + 1);
        Key::from_utf16(keys.units.get(start..end).unwrap_or_default())
    }

    /// Marks all records before the number `next` as drained, the inserts among them included.
    pub(super) fn empty(&self, next: u32) {
        let last = journal::HEAD + (next.wrapping_sub(1) % RECORDS) as usize;
        self.array.store(last, record::DRAINED);
        self.array.store(journal::LIMIT, next.wrapping_add(RECORDS));
        self.array.store(journal::INSERTED, 0);
    }

    /// Tells JavaScript the headroom of the layer, and the number of victims.
    pub(super) fn report_headroom(&self, entries: usize, victims: u32) {
        self.array.store(journal::HEADROOM, u32::try_from(entries).unwrap_or(u32::MAX));
        self.array.store(journal::VICTIMS, victims);
    }

    /// Adds the waiting records.
    pub(super) fn count(&self, stats: &mut MirrorStats) {
        let (first, count) = self.waiting();
        for number in 0..count {
            match self.record(first.wrapping_add(number)) {
                Record::Read(_) => stats.hits += 1,
                Record::Overwrite(_) | Record::Insert(_) => stats.sets += 1,
            }
        }
    }
}

/// Tells JavaScript the slots to clear. On its thread only: JavaScript resets the count itself.
pub(super) fn report_freed(table: &Arc<SlotTable>, array: &Shared<AtomicU32>) {
    if !table.has_freed() || array.len() < journal::LENGTH {
        return;
    }
    let mut count = array.load(journal::FREED) as usize;
    table.take_freed(journal::FREED_SLOTS - count.min(journal::FREED_SLOTS), |slot| {
        array.store(journal::HEAD + journal::RECORDS + count, slot);
        count += 1;
    });
    array.store(journal::FREED, u32::try_from(count).unwrap_or(0));
}
