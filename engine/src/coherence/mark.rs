//! Marks: how far a shared store had counted invalidations.

use parking_lot::Mutex;

use crate::{clock::Time, value::BoxFuture};

/// How far a shared store had counted invalidations before a load began. The result of the load is stored only if its
/// key was not invalidated since. Only the store that made a mark knows the meaning of its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The count beside the entry.
    pub own: u64,
    /// The count beside the index that lists the entry, if that is on another server.
    pub listed: u64,
    /// When it was asked for, by the clock of the store.
    pub taken: Time,
    /// How often a server had been replaced by another one, which may have counted less.
    pub replacements: u64,
}

/// The mark of a read, as its store tells it with the value.
pub enum Marking {
    /// It is known, or the store did not tell.
    Known(Option<Mark>),
    /// A value was found before the mark was known, which only a load after an unusable value needs.
    Coming(BoxFuture<'static, Option<Mark>>),
}

/// Where a store puts the mark of a read.
pub struct MarkCell(Mutex<Marking>);

impl Default for MarkCell {
    fn default() -> Self {
        MarkCell(Mutex::new(Marking::Known(None)))
    }
}

impl MarkCell {
    /// Puts the mark of a read.
    pub fn put(&self, marking: Marking) {
        *self.0.lock() = marking;
    }

    /// Takes it out.
    pub(crate) fn take(&self) -> Marking {
        std::mem::replace(&mut *self.0.lock(), Marking::Known(None))
    }
}
