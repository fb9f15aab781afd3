//! The memory through which JavaScript answers hits without a call.
//!
//! For each slot there is a word: until when the value in it may be answered, in milliseconds of the
//! [`crate::ticker`]'s clock; 0 when it may not. JavaScript notes which slots it answered in the ledger,
//! and finds there which slots it has to clear:
//!
//! ```text
//! ledger: [notes taken, slots freed, note …(NOTES), freed slot …(FREED)]
//! ```

use std::sync::{
    Arc,
    atomic::{AtomicU32, AtomicU64},
};

use lazy_layers_engine::{bounded::NodeId, clock::Time, l1::Front};
use parking_lot::Mutex;

use crate::{
    raw::memory::Shared,
    slots::{Slot, SlotTable},
};

/// Notes that fit the ledger; JavaScript calls when it is full.
pub(crate) const NOTES: usize = 1022;
/// Freed slots that fit the ledger; the rest follows at the next call.
pub(crate) const FREED: usize = 1024;
/// Length of the ledger.
pub(crate) const LEDGER: usize = 2 + NOTES + FREED;

/// No node: the slot is not in the layer.
const NOWHERE: NodeId = NodeId::MAX;

/// The words and the ledger of one table of slots.
pub(crate) struct SlotFront {
    table: Arc<SlotTable>,
    state: Mutex<State>,
}

struct State {
    words: Shared<AtomicU64>,
    ledger: Shared<AtomicU32>,
    /// Where in the layer the value of each slot is kept.
    nodes: Vec<NodeId>,
}

impl SlotFront {
    /// A front of `table` without memory: nothing is answered until [`SlotFront::attach`].
    pub(crate) fn new(table: Arc<SlotTable>) -> SlotFront {
        let state = State { words: Shared::NONE, ledger: Shared::NONE, nodes: Vec::new() };
        SlotFront { table, state: Mutex::new(state) }
    }

    /// The slots this is the front of.
    pub(crate) fn table(&self) -> &Arc<SlotTable> {
        &self.table
    }

    /// Takes over larger arrays. What the old ones say is copied.
    pub(crate) fn attach(&self, words: Shared<AtomicU64>, ledger: Shared<AtomicU32>) {
        let mut state = self.state.lock();
        for index in 0..state.words.len().min(words.len()) {
            words.store(index, state.words.load(index));
        }
        state.words = words;
        state.ledger = ledger;
    }

    /// Lets go of the arrays; from here on nothing is written to them.
    pub(crate) fn detach(&self) {
        let mut state = self.state.lock();
        state.words = Shared::NONE;
        state.ledger = Shared::NONE;
    }

    /// Tells JavaScript which slots to clear. On its thread only: it resets the count itself.
    pub(crate) fn report_freed(&self) {
        let state = self.state.lock();
        if state.ledger.len() < LEDGER {
            return;
        }
        let mut count = state.ledger.load(1) as usize;
        self.table.take_freed(FREED - count.min(FREED), |slot| {
            state.ledger.store(2 + NOTES + count, slot);
            count += 1;
        });
        state.ledger.store(1, u32::try_from(count).unwrap_or(0));
    }
}

impl Front<Slot> for SlotFront {
    fn publish(&self, value: &Slot, node: NodeId, until: Time) {
        let index = value.index() as usize;
        let mut state = self.state.lock();
        if state.nodes.len() <= index {
            state.nodes.resize(index + 1, NOWHERE);
        }
        state.nodes[index] = node;
        state.words.store(index, until.as_millis_f64());
    }

    fn retract(&self, value: &Slot) {
        let index = value.index() as usize;
        let mut state = self.state.lock();
        state.words.store(index, 0.0);
        if let Some(node) = state.nodes.get_mut(index) {
            *node = NOWHERE;
        }
    }

    fn replay(&self, touch: &mut dyn FnMut(NodeId)) {
        let state = self.state.lock();
        let count = (state.ledger.load(0) as usize).min(NOTES);
        if count == 0 {
            return;
        }
        for note in 0..count {
            let slot = state.ledger.load(2 + note) as usize;
            if let Some(node) = state.nodes.get(slot).copied().filter(|node| *node != NOWHERE) {
                touch(node);
            }
        }
        state.ledger.store(0, 0);
    }
}
