//! The in-process layer: [`memory`], a custom store, or none.

mod flags;
mod look;
pub mod memory;
pub mod mirror;
mod neighbours;
mod refresh;
mod removal;
mod running;
mod tags;
mod types;
mod watch;

use std::sync::Arc;

pub use memory::Memory;
pub use mirror::{Mirror, MirrorStats, Record};
pub use neighbours::{Neighbour, Neighbours};
pub use removal::Removal;
pub use running::TaggedLoads;
pub use types::{Filled, Life, MemoryOptions, MemoryStats, Origin, Peeked};
pub use watch::Watcher;

use crate::store::Store;

/// The first layer.
pub enum Layer1<V> {
    /// The memory layer.
    Memory(Arc<Memory<V>>),
    /// A custom store.
    Custom(Arc<dyn Store<V>>),
    /// Nothing.
    Off,
}
