//! The engine's view of a value: a handle, and a weight.

use std::{any::Any, fmt, future::Future, pin::Pin, sync::Arc};

/// A handle to a value. Cloning shares the value, dropping the last handle lets go of it.
pub trait Value: Clone + Send + Sync + 'static {
    /// The size in bytes that counts towards `levels.L1.maxBytes`.
    fn weight(&self) -> u64;
    /// Makes the value one that can be handed out: it may have come in bytes that nobody has read yet. Asked before a
    /// hit is answered and before a user's object is given the value.
    ///
    /// # Errors
    /// When the bytes cannot be read.
    fn realize(&self) -> Result<(), Failure<Self>> {
        Ok(())
    }

    /// How often mirrors have answered the value since this was asked last, where they only count their answers; up to
    /// some small number.
    fn take_uses(&self) -> u8 {
        0
    }

    /// The same value, for a second layer and a bus: it becomes bytes once for both.
    #[must_use]
    fn packed_once(&self) -> Self {
        self.clone()
    }
}

/// Why a layer, a bus or a loader failed.
#[derive(Debug, Clone)]
pub enum Failure<V> {
    /// The error that users' code threw or rejected with: passed on unchanged.
    Thrown(V),
    /// A failure of this package, in words.
    Message(String),
    /// A store works, but not for this operation: its value of a key cannot be read, it refuses a command, or a
    /// value cannot be packed for it.
    Unreadable(Box<Failure<V>>),
}

/// A boxed future, for awaits off the hit path.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Something that is handed on as it is.
#[derive(Clone)]
pub struct Opaque(pub Arc<dyn Any + Send + Sync>);

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opaque")
    }
}
