//! The memory through which JavaScript answers hits without a call.
//!
//! For each slot there is a word: until when the value in it may be answered, in milliseconds of the
//! [`crate::ticker`]'s clock; 0 when it may not. JavaScript notes in the ledger which slots it answered, and
//! in which it has put another value while the one held was still good (then it has written the new word
//! itself); and it finds there which slots it has to clear:
//!
//! ```text
//! ledger: [notes taken, slots freed, note …(NOTES), freed slot …(FREED)]
//! note:   slot, with the highest bit set when its value was replaced
//! ```

use std::sync::atomic::{AtomicU32, AtomicU64};

use lazy_layers_engine::{
    bounded::NodeId,
    clock::Time,
    l1::{Done, Front},
    load::{LoadId, flight::FlightFront},
};
use parking_lot::Mutex;

use crate::{
    raw::memory::Shared,
    slots::{Slot, SlotTable},
    ticker::clock,
};

/// Notes that fit the ledger; JavaScript calls when it is full.
pub(crate) const NOTES: usize = 1022;
/// Freed slots that fit the ledger; the rest follows at the next call.
pub(crate) const FREED: usize = 1024;
/// Length of the ledger.
pub(crate) const LEDGER: usize = 2 + NOTES + FREED;

/// The bit of a note that says that the value was replaced.
const REWRITTEN: u32 = 1 << 31;

/// No node: the slot is not in the layer.
const NOWHERE: NodeId = NodeId::MAX;

/// The front of a memory layer. Part of the layer, behind its lock.
pub(crate) struct SlotFront {
    words: Shared<AtomicU64>,
    ledger: Shared<AtomicU32>,
    /// Where in the layer the value of each slot is kept.
    nodes: Vec<NodeId>,
}

impl SlotFront {
    /// A front without memory: nothing is answered until [`SlotFront::attach`].
    pub(crate) fn new() -> SlotFront {
        SlotFront { words: Shared::NONE, ledger: Shared::NONE, nodes: Vec::new() }
    }

    /// Takes over larger arrays. What the old words say is copied.
    pub(crate) fn attach(&mut self, words: Shared<AtomicU64>, ledger: Shared<AtomicU32>) {
        for index in 0..self.words.len().min(words.len()) {
            words.store(index, self.words.load(index));
        }
        self.words = words;
        self.ledger = ledger;
    }

    /// Lets go of the arrays; from here on nothing is written to them.
    pub(crate) fn detach(&mut self) {
        self.words = Shared::NONE;
        self.ledger = Shared::NONE;
    }
}

impl Front<Slot> for SlotFront {
    fn publish(&mut self, value: &Slot, node: NodeId, until: Time) {
        // What nobody has asked for yet cannot be answered without a call.
        let Some(index) = value.place() else { return };
        let index = index as usize;
        if self.nodes.len() <= index {
            self.nodes.resize(index + 1, NOWHERE);
        }
        self.nodes[index] = node;
        self.words.store(index, until.as_millis_f64());
    }

    fn retract(&mut self, value: &Slot) {
        let Some(index) = value.place() else { return };
        let index = index as usize;
        self.words.store(index, 0.0);
        if let Some(node) = self.nodes.get_mut(index) {
            *node = NOWHERE;
        }
    }

    fn replay(&mut self, report: &mut dyn FnMut(NodeId, Done)) {
        let count = (self.ledger.load(0) as usize).min(NOTES);
        if count == 0 {
            return;
        }
        let stamp = clock().now();
        for note in 0..count {
            let note = self.ledger.load(2 + note);
            let slot = (note & !REWRITTEN) as usize;
            let Some(node) = self.nodes.get(slot).copied().filter(|node| *node != NOWHERE) else { continue };
            let done = if note & REWRITTEN == 0 {
                Done::Answered
            } else {
                Done::Rewrote { stamp, expires: Time::from_millis_f64(self.words.load(slot)) }
            };
            report(node, done);
        }
        self.ledger.store(0, 0);
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
    if !table.has_freed() || ledger.len() < LEDGER {
        return;
    }
    let mut count = ledger.load(1) as usize;
    table.take_freed(FREED - count.min(FREED), |slot| {
        ledger.store(2 + NOTES + count, slot);
        count += 1;
    });
    ledger.store(1, u32::try_from(count).unwrap_or(0));
}
