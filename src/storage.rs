//! The values of caches: a table of slots, and our own memory layer over it if there is one.

use std::{
    any::Any,
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicU16, AtomicU32, AtomicU64},
    },
};

use lazy_layers_engine::{
    clock::Clock,
    l1::{Memory, MemoryOptions},
};

use crate::{
    front::{self, SlotFront},
    raw::{js::JsKept, memory::Shared},
    slots::{Slot, SlotTable},
};

/// The values of one memory layer, or of a cache that has none. Belongs to its environment's thread.
pub(crate) struct Storage {
    table: Arc<SlotTable>,
    memory: Option<Arc<Memory<Slot>>>,
    ledger: RefCell<Shared<AtomicU32>>,
    /// The arrays that the layer writes into.
    arrays: RefCell<Vec<JsKept>>,
}

impl Storage {
    /// A storage, with a memory layer if there are options for one.
    pub(crate) fn new(memory: Option<MemoryOptions>, clock: &Clock) -> Storage {
        let table = Arc::<SlotTable>::default();
        let front = || Box::new(SlotFront::new(Arc::clone(&table), clock.clone()));
        let memory = memory.map(|options| Arc::new(Memory::new(options, front())));
        Storage { table, memory, ledger: RefCell::new(Shared::NONE), arrays: RefCell::default() }
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

    /// Takes over (larger) arrays of JavaScript's, and keeps them alive. Returns those that it has kept until
    /// now: nothing is written to them any more.
    #[must_use]
    pub(crate) fn attach(
        &self,
        words: Shared<AtomicU64>,
        ledger: Shared<AtomicU32>,
        letters: Shared<AtomicU16>,
        kept: Vec<JsKept>,
    ) -> Vec<JsKept> {
        self.ledger.replace(ledger.clone());
        self.with_front(|front| front.attach(words, ledger, letters));
        self.replay(0);
        self.arrays.replace(kept)
    }

    /// Has the memory layer take note of what JavaScript did, and guard the next `guarded` entries that make room.
    pub(crate) fn replay(&self, guarded: usize) {
        if let Some(memory) = &self.memory {
            memory.replay(guarded);
        }
    }

    /// Writes to the arrays no longer, and returns them.
    pub(crate) fn detach(&self) -> Vec<JsKept> {
        self.ledger.replace(Shared::NONE);
        self.with_front(SlotFront::detach);
        self.arrays.take()
    }

    /// Tells JavaScript which slots to clear.
    pub(crate) fn report_freed(&self) {
        front::report_freed(&self.table, &self.ledger.borrow());
    }

    fn with_front(&self, act: impl FnOnce(&mut SlotFront)) {
        let Some(memory) = &self.memory else { return };
        memory.with_front(|front| {
            if let Some(front) = (front as &mut dyn Any).downcast_mut::<SlotFront>() {
                act(front);
            }
        });
    }
}
