//! Messages between instances: [`Message`] is one, [`Bus`] carries them, [`Publisher`] puts the circuit
//! breaker and a deadline around sending.

mod message;
mod publisher;

pub use message::{Body, Message, random_source};
pub use publisher::Publisher;

use crate::value::{BoxFuture, Failure};

/// Carries messages to the other instances.
pub trait Bus<V>: Send + Sync + 'static {
    /// Sends a message.
    fn publish<'a>(&'a self, message: &'a Message<V>) -> BoxFuture<'a, Result<(), Failure<V>>>;
    /// The size of a message in bytes, encoded as this bus sends it.
    fn encoded_bytes(&self, message: &Message<V>) -> u64;
}
