//! The in-process layer: our own [`memory`], an object of the user's, or none.

pub mod memory;

use std::sync::Arc;

pub use memory::{Done, Filled, Front, Life, Memory, MemoryOptions, NoFront, Peeked};

use crate::store::Store;

/// What serves as the first layer.
pub enum Layer1<V> {
    /// Our own memory.
    Memory(Arc<Memory<V>>),
    /// A store object of the user's.
    Own(Arc<dyn Store<V>>),
    /// Nothing.
    Off,
}
