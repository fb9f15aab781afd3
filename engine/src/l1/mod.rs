//! The in-process layer: our own [`memory`], an object of the user's, or none.

pub mod front;
pub mod memory;
mod note;
mod removal;
mod types;

use std::sync::Arc;

pub use front::{Done, Front, FrontStats, NoFront};
pub use memory::{Memory, MemoryOptions};
pub use removal::Removal;
pub use types::{Filled, Life, MemoryStats, Origin, Peeked};

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
