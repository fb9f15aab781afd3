//! The request on whose behalf a thread works: events that arise meanwhile are told as events of that request, and
//! custom objects are called in its async context.

use std::cell::Cell;

use lazy_layers_engine::load::LoadId;

use crate::contract::behalf;

thread_local! {
    /// `NOBODY` at first: threads without an environment apply messages of other instances.
    static CURRENT: Cell<LoadId> = const { Cell::new(behalf::NOBODY) };
}

/// The id of a request, or one of [`crate::contract::behalf`].
pub(crate) fn current() -> LoadId {
    CURRENT.get()
}

/// Works on behalf of another from here on. Returns the one before.
pub(crate) fn replace(by: LoadId) -> LoadId {
    CURRENT.replace(by)
}
