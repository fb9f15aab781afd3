//! The journal of a mirror: JavaScript records its hits and writes, and the addon drains them.
//!
//! It is an array with a head of counters, a ring of records, and the slots that JavaScript has to clear; see
//! [`journal`] and [`record`]. The keys of inserted values are in an array of their own, in UTF-16.

use std::sync::{
    Arc,
    atomic::{AtomicU16, AtomicU32, Ordering::Relaxed},
};

use lazy_layers_engine::{entry::key::Key, l1::MirrorStats};

use super::slots::{SlotIndex, SlotTable};
use crate::{
    contract::{journal, record},
    raw::memory::Shared,
};

/// The most records in the journal.
#[expect(clippy::cast_possible_truncation, reason = "a thousand")]
const RECORDS: u32 = journal::RECORDS as u32;

/// The arrays of a journal.
pub(super) struct Journal {
    array: Shared<AtomicU32>,
    keys: Shared<AtomicU16>,
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
    pub(super) const NONE: Journal = Journal { array: Shared::NONE, keys: Shared::NONE };

    pub(super) fn new(array: Shared<AtomicU32>, keys: Shared<AtomicU16>) -> Journal {
        Journal { array, keys }
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

    /// The next key of an inserted value.
    pub(super) fn next_key(&self, at: &mut usize) -> Key {
        let length = self.keys.slice(*at, 1).first().map_or(0, |length| length.load(Relaxed));
        let length = usize::from(length).min(journal::LONGEST_KEY);
        let written = self.keys.slice(*at + 1, length);
        *at += 1 + length;
        Key::from_ascii(units_of(written)).unwrap_or_else(|| {
            let mut units = [0; journal::LONGEST_KEY];
            units.iter_mut().zip(units_of(written)).for_each(|(unit, written)| *unit = written);
            Key::from_utf16(&units[..written.len()])
        })
    }

    /// Marks all records before the number `next` as drained.
    pub(super) fn empty(&self, next: u32) {
        let last = journal::HEAD + (next.wrapping_sub(1) % RECORDS) as usize;
        self.array.store(last, record::DRAINED);
        self.array.store(journal::LIMIT, next.wrapping_add(RECORDS));
        for counter in [journal::INSERTED, journal::KEY_UNITS] {
            self.array.store(counter, 0);
        }
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

fn units_of(written: &[AtomicU16]) -> impl ExactSizeIterator<Item = u16> {
    written.iter().map(|unit| unit.load(Relaxed))
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
