//! The values of a cache: a table of slots, and the memory layer on it if there is one.

use std::{
    any::Any,
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU32, AtomicU64},
    },
};

use lazy_layers_engine::{
    clock::Clock,
    l1::{Memory, MemoryOptions},
};

use super::{
    journal::{self, JournalArrays},
    mirror::SlotMirror,
    slots::{Slot, SlotTable},
};
use crate::raw::{js::JsKept, memory::Shared};

/// The values of one memory layer, or of a cache without one. Belongs to the thread of its environment.
pub(crate) struct Storage {
    table: Arc<SlotTable>,
    memory: Option<Arc<Memory<Slot>>>,
    /// The array of the journal, into which freed slots are written.
    journal: RefCell<Shared<AtomicU32>>,
    /// The arrays that the layer writes into.
    arrays: RefCell<Vec<JsKept>>,
}

impl Storage {
    /// A storage, with a memory layer if there are options for one.
    pub(crate) fn new(memory: Option<MemoryOptions>, clock: &Clock) -> Storage {
        let table = Arc::<SlotTable>::default();
        let mirror = || Box::new(SlotMirror::new(Arc::clone(&table), clock.clone()));
        let memory = memory.map(|options| Arc::new(Memory::new(options, vec![mirror()])));
        Storage { table, memory, journal: RefCell::new(Shared::NONE), arrays: RefCell::default() }
    }

    pub(crate) fn memory(&self) -> Option<&Arc<Memory<Slot>>> {
        self.memory.as_ref()
    }

    pub(crate) fn table(&self) -> &Arc<SlotTable> {
        &self.table
    }

    /// The first handle of the value that JavaScript has put into slot `index`.
    pub(crate) fn adopt(&self, index: u32, weight: u32) -> Slot {
        self.table.adopt(index, weight)
    }

    /// Takes over (larger) arrays of JavaScript, and keeps them alive. Returns the arrays that it has kept
    /// until now, to which nothing is written any more.
    #[must_use]
    pub(crate) fn attach(
        &self,
        words: Shared<AtomicU64>,
        journal: JournalArrays,
        uses: Shared<AtomicU8>,
        kept: Vec<JsKept>,
    ) -> Vec<JsKept> {
        self.journal.replace(journal.words.clone());
        self.with_mirror(|mirror| mirror.attach(words.clone(), journal.clone(), uses.clone()));
        self.drain(0);
        self.arrays.replace(kept)
    }

    /// Makes the memory layer drain the journal. JavaScript then has to ask for the next `victims` victims.
    pub(crate) fn drain(&self, victims: usize) {
        if let Some(memory) = &self.memory {
            memory.drain(victims);
        }
    }

    /// Stops writing to the arrays, and returns them.
    pub(crate) fn detach(&self) -> Vec<JsKept> {
        self.journal.replace(Shared::NONE);
        self.with_mirror(SlotMirror::detach);
        self.arrays.take()
    }

    /// Tells JavaScript the slots to clear.
    pub(crate) fn report_freed(&self) {
        journal::report_freed(&self.table, &self.journal.borrow());
    }

    fn with_mirror(&self, mut act: impl FnMut(&mut SlotMirror)) {
        let Some(memory) = &self.memory else { return };
        memory.each_mirror(|mirror| {
            if let Some(mirror) = (mirror as &mut dyn Any).downcast_mut::<SlotMirror>() {
                act(mirror);
            }
        });
    }
}
