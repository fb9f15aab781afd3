//! The memory through which JavaScript answers hits without a call.
//!
//! For each slot there is a word: until when the value in it may be answered, in milliseconds of the
//! [`crate::ticker`]'s clock; 0 when it may not, and the same below 0 when the entry is there but *guarded*:
//! one of the next to make room, for which JavaScript has to ask. So it may answer all others while values
//! wait that do not all fit, as long as there are not more of them than guarded entries. JavaScript notes in
//! the ledger which slots it answered, and in which it has put another value while the one held was still
//! good, or a value to be stored (in both cases it has written the word itself); and it finds there which
//! slots it has to clear. [`journal`] and [`record`] tell how the ledger is laid out.

use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
};

use lazy_layers_engine::{
    bounded::NodeId,
    clock::{Clock, Time},
    entry::key::Key,
    l1::{Done, Front, FrontStats},
    load::{LoadId, flight::FlightFront},
};
use parking_lot::Mutex;

use crate::{
    contract::{journal, record},
    raw::memory::Shared,
    slots::{Slot, SlotIndex, SlotTable},
};

/// Records that fit the journal.
#[expect(clippy::cast_possible_truncation, reason = "a thousand")]
const RECORDS: u32 = journal::RECORDS as u32;
/// Whether a note is of a hit. Other threads may find one of an earlier round, where there are hits alone.
fn is_hit(note: u32) -> bool {
    note & (record::OVERWRITE | record::INSERT) == 0 || note == record::DRAINED
}

/// No node: the slot is not in the layer.
const NOWHERE: NodeId = NodeId::MAX;

/// The front of a memory layer. Part of the layer, behind its lock.
pub(crate) struct SlotFront {
    table: Arc<SlotTable>,
    clock: Clock,
    words: Shared<AtomicU64>,
    ledger: Shared<AtomicU32>,
    letters: Shared<AtomicU16>,
    /// Where in the layer the value of each slot is kept.
    nodes: Vec<NodeId>,
    /// How many words are below 0: they are of the entries that make room next.
    guarded: u32,
    /// The nodes of the hits that are replayed, kept for its room.
    answered: Vec<NodeId>,
    /// What was replayed or left no note.
    stats: FrontStats,
    /// How many of those without a note are counted there, modulo 2³²: hits, and overwrites.
    repeated: [u32; 2],
}

impl SlotFront {
    /// A front without memory: nothing is answered until [`SlotFront::attach`].
    pub(crate) fn new(table: Arc<SlotTable>, clock: Clock) -> SlotFront {
        let (words, ledger, letters) = (Shared::NONE, Shared::NONE, Shared::NONE);
        SlotFront {
            table,
            clock,
            words,
            ledger,
            letters,
            nodes: Vec::new(),
            guarded: 0,
            answered: Vec::new(),
            stats: FrontStats::default(),
            repeated: [0; 2],
        }
    }

    /// Takes over larger arrays. What the old words say is copied.
    pub(crate) fn attach(
        &mut self,
        words: Shared<AtomicU64>,
        ledger: Shared<AtomicU32>,
        letters: Shared<AtomicU16>,
    ) {
        for index in 0..self.words.len().min(words.len()) {
            words.store(index, self.words.load(index));
        }
        // There is no slot beyond the words.
        self.nodes.reserve_exact(words.len().saturating_sub(self.nodes.len()));
        self.words = words;
        self.ledger = ledger;
        self.letters = letters;
    }

    /// Lets go of the arrays; from here on nothing is written to them.
    pub(crate) fn detach(&mut self) {
        self.words = Shared::NONE;
        self.ledger = Shared::NONE;
        self.letters = Shared::NONE;
    }

    /// Writes the word of a slot.
    fn answer(&mut self, slot: SlotIndex, until: f64) {
        let slot = slot as usize;
        if self.words.load(slot) < 0.0 {
            self.guarded = self.guarded.saturating_sub(1);
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

    /// Where in the layer the value of a slot is kept, if it is there.
    fn node(&self, slot: SlotIndex) -> Option<NodeId> {
        self.nodes.get(slot as usize).copied().filter(|node| *node != NOWHERE)
    }

    /// With what left no note, as the last one says the same; and how much of that there is, modulo 2³².
    fn repeated(&self, stats: FrontStats) -> (FrontStats, [u32; 2]) {
        if self.ledger.len() == 0 {
            return (stats, self.repeated);
        }
        let now = [journal::REPEATED, journal::REPEATED_SETS].map(|at| self.ledger.load(at));
        let hits = stats.hits + u64::from(now[0].wrapping_sub(self.repeated[0]));
        let sets = stats.sets + u64::from(now[1].wrapping_sub(self.repeated[1]));
        (FrontStats { hits, sets }, now)
    }

    /// The number of the first note that has not been replayed yet, and how many there are.
    fn waiting(&self) -> (u32, u32) {
        if self.ledger.len() == 0 {
            return (0, 0);
        }
        let first = self.ledger.load(journal::LIMIT).wrapping_sub(RECORDS);
        (first, self.ledger.load(journal::RECORDED).wrapping_sub(first).min(RECORDS))
    }

    /// The note of a number.
    fn note(&self, number: u32) -> u32 {
        self.ledger.load(journal::HEAD + (number % RECORDS) as usize)
    }

    /// The next of the keys that were written down.
    fn next_key(&self, at: &mut usize) -> Key {
        let length = self.letters.slice(*at, 1).first().map_or(0, |length| length.load(Relaxed));
        let length = usize::from(length).min(journal::LONGEST_KEY);
        let mut units = [0; journal::LONGEST_KEY];
        for (unit, letter) in units.iter_mut().zip(self.letters.slice(*at + 1, length)) {
            *unit = letter.load(Relaxed);
        }
        *at += 1 + length;
        Key::from_utf16(&units[..length])
    }
}

impl Front<Slot> for SlotFront {
    fn publish(&mut self, value: &Slot, node: NodeId, until: Time) {
        // What nobody has asked for yet cannot be answered without a call.
        let Some(index) = value.place() else { return };
        self.keep(index, node);
        self.answer(index, until.as_millis_f64());
    }

    fn guard(&mut self, value: &Slot) {
        let Some(index) = value.place() else { return };
        let until = self.words.load(index as usize);
        if until > 0.0 {
            self.words.store(index as usize, -until);
            self.guarded += 1;
        }
    }

    fn retract(&mut self, value: &Slot) {
        let Some(index) = value.place() else { return };
        self.answer(index, 0.0);
        if let Some(node) = self.nodes.get_mut(index as usize) {
            *node = NOWHERE;
        }
    }

    fn replay(&mut self, report: &mut dyn FnMut(Done<'_, Slot>) -> Option<NodeId>) {
        (self.stats, self.repeated) = self.repeated(self.stats);
        let (first, count) = self.waiting();
        if count == 0 {
            return;
        }
        let stamp = self.clock.now();
        let mut letters = 0;
        let mut answered = mem::take(&mut self.answered);
        for number in 0..count {
            let note = self.note(first.wrapping_add(number));
            let slot = note & !(record::OVERWRITE | record::INSERT);
            if is_hit(note) {
                self.stats.hits += 1;
                answered.extend(self.node(slot));
                continue;
            }
            self.stats.sets += 1;
            report(Done::Answered(&answered));
            answered.clear();
            let expires = Time::from_millis_f64(self.words.load(slot as usize));
            if note & record::INSERT != 0 {
                let key = self.next_key(&mut letters);
                let value = self.table.adopt(slot, 0);
                if let Some(node) = report(Done::Stored { key, value, stamp, expires }) {
                    self.keep(slot, node);
                }
            } else if let Some(node) = self.node(slot) {
                report(Done::Rewrote { node, stamp, expires });
            }
        }
        report(Done::Answered(&answered));
        answered.clear();
        self.answered = answered;
        let next = first.wrapping_add(count);
        let last = journal::HEAD + (next.wrapping_sub(1) % RECORDS) as usize;
        self.ledger.store(last, record::DRAINED);
        self.ledger.store(journal::LIMIT, next.wrapping_add(RECORDS));
        for counter in [journal::INSERTED, journal::LETTERS] {
            self.ledger.store(counter, 0);
        }
    }

    fn stats(&self) -> FrontStats {
        let mut stats = self.repeated(self.stats).0;
        let (first, count) = self.waiting();
        for number in 0..count {
            let counted =
                if is_hit(self.note(first.wrapping_add(number))) { &mut stats.hits } else { &mut stats.sets };
            *counted += 1;
        }
        stats
    }

    fn room(&mut self, entries: usize) {
        self.ledger.store(journal::HEADROOM, u32::try_from(entries).unwrap_or(u32::MAX));
        self.ledger.store(journal::VICTIMS, self.guarded);
    }
}

/// Lets JavaScript join running loads without a call: for each request there is a word, until when its load
/// may be joined, as for slots. Requests beyond the end of the array are joined by calls.
pub(crate) struct JoinableLoads {
    words: Mutex<Shared<AtomicU64>>,
}

impl JoinableLoads {
    pub(crate) fn new(words: Shared<AtomicU64>) -> JoinableLoads {
        JoinableLoads { words: Mutex::new(words) }
    }

    /// Lets go of the array.
    pub(crate) fn detach(&self) {
        *self.words.lock() = Shared::NONE;
    }
}

impl FlightFront for JoinableLoads {
    fn publish(&self, id: LoadId, until: Time) {
        self.words.lock().store(id as usize, until.as_millis_f64());
    }

    fn retract(&self, id: LoadId) {
        self.words.lock().store(id as usize, 0.0);
    }
}

/// Tells JavaScript which slots to clear. On its thread only: it resets the count itself.
pub(crate) fn report_freed(table: &SlotTable, ledger: &Shared<AtomicU32>) {
    if !table.has_freed() || ledger.len() < journal::LENGTH {
        return;
    }
    let mut count = ledger.load(journal::FREED) as usize;
    table.take_freed(journal::FREED_SLOTS - count.min(journal::FREED_SLOTS), |slot| {
        ledger.store(journal::HEAD + journal::RECORDS + count, slot);
        count += 1;
    });
    ledger.store(journal::FREED, u32::try_from(count).unwrap_or(0));
}
