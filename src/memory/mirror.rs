//! The mirror of a memory layer in JavaScript: it answers hits, takes values and overwrites them without a call.
//!
//! Each slot has a word in shared memory: the time until which JavaScript may answer its value, in milliseconds of
//! the [`crate::ticker`]'s clock.
//!
//! - 0: the value may not be answered.
//! - Below 0: the entry is live, but it is a *victim*, one of the next to make room, and JavaScript has to ask for
//!   it. So JavaScript may answer all other entries while more inserts wait than fit, as long as no more of them
//!   exceed the headroom than there are victims.
//!
//! JavaScript records its reads and writes in the [`super::journal`]. Under a policy that only counts uses it counts
//! its reads in a byte for each slot instead, up to a small number. For a value that it overwrites or inserts, it
//! has written the word itself.

use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64},
    },
};

use lazy_layers_engine::{
    bounded::NodeId,
    clock::{Clock, Time},
    l1::{Mirror, MirrorStats, Record},
};

use super::{
    journal::{self, Journal, JournalArrays, Keys},
    slots::{Slot, SlotIndex, SlotTable},
};
use crate::raw::memory::Shared;

/// No node: the slot is not in the layer.
const NOWHERE: NodeId = NodeId::MAX;

/// The mirror of a memory layer. Part of the layer, behind its lock.
pub(super) struct SlotMirror {
    table: Arc<SlotTable>,
    clock: Clock,
    words: Shared<AtomicU64>,
    /// The uses of each slot; no array where the journal has them.
    uses: Shared<AtomicU8>,
    journal: Journal,
    /// The node of each slot in the layer.
    nodes: Vec<NodeId>,
    /// How many words are below 0.
    victims: u32,
    /// The nodes of hits that are drained together. Kept to reuse its memory.
    read: Vec<NodeId>,
    /// The keys of inserts. Kept to reuse its memory.
    keys: Keys,
    /// Counts that were drained, or have no record.
    stats: MirrorStats,
    /// How many hits and overwrites without a record `stats` includes, each modulo 2³².
    repeated: [u32; 2],
}

impl SlotMirror {
    /// A mirror without memory: nothing is answered until [`SlotMirror::attach`].
    pub(super) fn new(table: Arc<SlotTable>, clock: Clock) -> SlotMirror {
        SlotMirror {
            table,
            clock,
            words: Shared::NONE,
            uses: Shared::NONE,
            journal: Journal::NONE,
            nodes: Vec::new(),
            victims: 0,
            read: Vec::new(),
            keys: Keys::default(),
            stats: MirrorStats::default(),
            repeated: [0; 2],
        }
    }

    /// Takes over larger arrays. The old words are copied.
    pub(super) fn attach(
        &mut self,
        words: Shared<AtomicU64>,
        journal: JournalArrays,
        uses: Shared<AtomicU8>,
    ) {
        for index in 0..self.words.len().min(words.len()) {
            words.store(index, self.words.load(index));
        }
        // No slot is beyond the words.
        self.nodes.reserve_exact(words.len().saturating_sub(self.nodes.len()));
        self.words = words;
        self.table.count_uses(uses.clone());
        self.uses = uses;
        self.journal = Journal::new(journal);
    }

    /// Drops the arrays; from here on nothing is written to them. What they have counted stays counted.
    pub(super) fn detach(&mut self) {
        self.stats = self.stats();
        self.words = Shared::NONE;
        self.table.count_uses(Shared::NONE);
        self.uses = Shared::NONE;
        self.journal = Journal::NONE;
    }

    /// Writes the word of a slot.
    fn answer(&mut self, slot: SlotIndex, until: f64) {
        let slot = slot as usize;
        if self.words.load(slot) < 0.0 {
            self.victims = self.victims.saturating_sub(1);
        }
        self.words.store(slot, until);
    }

    fn keep(&mut self, slot: SlotIndex, node: NodeId) {
        let slot = slot as usize;
        if self.nodes.len() <= slot {
            self.nodes.resize(slot + 1, NOWHERE);
        }
        self.nodes[slot] = node;
    }

    /// The node of a slot in the layer, if it has one.
    fn node(&self, slot: SlotIndex) -> Option<NodeId> {
        self.nodes.get(slot as usize).copied().filter(|node| *node != NOWHERE)
    }

    /// The counts with the hits and overwrites that have no record; and the number of these, each modulo 2³².
    /// Entries that later records overwrite have a new end already: an insert that makes room must not take them for
    /// ended ones, and give their nodes away.
    fn renew(
        &self,
        records: impl Iterator<Item = journal::Record>,
        apply: &mut dyn FnMut(Record<'_, Slot>) -> Option<NodeId>,
    ) {
        for record in records {
            if let journal::Record::Overwrite(slot) = record
                && let Some(node) = self.node(slot)
            {
                apply(Record::Renew { node, expires: self.end_of(slot) });
            }
        }
    }

    fn end_of(&self, slot: SlotIndex) -> Time {
        Time::from_millis_f64(self.words.load(slot as usize))
    }

    fn with_repeated(&self) -> (MirrorStats, [u32; 2]) {
        let Some(now) = self.journal.repeated() else { return (self.stats, self.repeated) };
        let hits = self.stats.hits + u64::from(now[0].wrapping_sub(self.repeated[0]));
        let sets = self.stats.sets + u64::from(now[1].wrapping_sub(self.repeated[1]));
        (MirrorStats { hits, sets }, now)
    }
}

impl Mirror<Slot> for SlotMirror {
    fn publish(&mut self, value: &Slot, node: NodeId, until: Time) {
        // A value that has not been decoded yet has no slot.
        let Some(index) = value.place() else { return };
        self.keep(index, node);
        self.answer(index, until.as_millis_f64());
    }

    fn ask_for(&mut self, value: &Slot) {
        let Some(index) = value.place() else { return };
        let until = self.words.load(index as usize);
        if until > 0.0 {
            self.words.store(index as usize, -until);
            self.victims += 1;
        }
    }

    fn retract(&mut self, value: &Slot) {
        let Some(index) = value.place() else { return };
        self.answer(index, 0.0);
        self.uses.take(index as usize);
        if let Some(node) = self.nodes.get_mut(index as usize) {
            *node = NOWHERE;
        }
    }

    fn drain(&mut self, apply: &mut dyn FnMut(Record<'_, Slot>) -> Option<NodeId>) {
        (self.stats, self.repeated) = self.with_repeated();
        let (first, count) = self.journal.waiting();
        if count == 0 {
            return;
        }
        let stamp = self.clock.now();
        let mut keys = mem::take(&mut self.keys);
        if !self.journal.read_keys(&mut keys) {
            self.keys = keys;
            return;
        }
        let (mut read, mut is_renewed) = (mem::take(&mut self.read), false);
        for number in 0..count {
            let (slot, is_insert) = match self.journal.record(first.wrapping_add(number)) {
                journal::Record::Read(slot) => {
                    self.stats.hits += 1;
                    read.extend(self.node(slot));
                    continue;
                }
                journal::Record::Overwrite(slot) => (slot, false),
                journal::Record::Insert(slot) => (slot, true),
            };
            self.stats.sets += 1;
            apply(Record::Read(&read));
            read.clear();
            let expires = self.end_of(slot);
            if is_insert {
                if !mem::replace(&mut is_renewed, true) {
                    let later = number + 1..count;
                    self.renew(later.map(|at| self.journal.record(first.wrapping_add(at))), apply);
                }
                let key = self.journal.next_key(&mut keys);
                let value = self.table.adopt(slot, 0);
                if let Some(node) = apply(Record::Insert { key, value, stamp, expires }) {
                    self.keep(slot, node);
                }
            } else if is_renewed && expires <= stamp {
                // It has ended again, and an insert may have given its node away.
            } else if let Some(node) = self.node(slot) {
                apply(Record::Overwrite { node, stamp, expires });
            }
        }
        apply(Record::Read(&read));
        read.clear();
        self.read = read;
        self.keys = keys;
        self.journal.empty(first.wrapping_add(count));
    }

    fn stats(&self) -> MirrorStats {
        let mut stats = self.with_repeated().0;
        self.journal.count(&mut stats);
        stats
    }

    fn headroom(&mut self, entries: usize) {
        self.journal.report_headroom(entries, self.victims);
    }
}
