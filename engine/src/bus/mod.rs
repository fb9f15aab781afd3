//! Messages between instances: [`Message`] is one, [`Bus`] carries them. [`wire`] is how they are written,
//! [`sequences`] finds those that were missed, [`SeenNumbers`] are the numbers that the load of a value had seen.

mod message;
mod seen;
pub mod sequences;
pub mod wire;

pub use message::{Body, Message, MessageKind, random_source};
pub use seen::{MOST_BYTES as MOST_SEEN_BYTES, SeenNumbers, ShortName};

use std::time::Duration;

use self::wire::Number;
use crate::value::{BoxFuture, Failure};

/// Carries messages to the other instances.
pub trait Bus<V>: Send + Sync + 'static {
    /// Sends a message.
    fn publish<'a>(&'a self, message: &'a Message<V>) -> BoxFuture<'a, Result<(), Failure<V>>>;
    /// The size of a message in bytes, encoded as this bus sends it.
    fn encoded_bytes(&self, message: &Message<V>) -> u64;
    /// Sending a message failed. A bus that has not kept it itself may do so now.
    fn failed(&self, message: &Message<V>) {
        let _ = message;
    }
    /// Takes a message to be sent once the transport is back, without trying now. A bus that keeps none drops it.
    fn postpone(&self, message: &Message<V>) {
        let _ = message;
    }
    /// How long sending may take before it counts as failed: a second. None for a bus that watches this itself.
    fn deadline(&self) -> Option<Duration> {
        Some(Duration::from_secs(1))
    }
    /// The number of the last invalidation that any cache has published on this bus, if the bus numbers them itself.
    /// The publisher numbers those of other buses.
    fn position(&self) -> Option<Number> {
        None
    }
    /// The number of reconnects of the transport. Failures from before the last one no longer count.
    fn reconnects(&self) -> u64 {
        0
    }
    /// How long ago the outage began that the last reconnect has ended.
    fn away(&self) -> Duration {
        Duration::ZERO
    }
    /// Ends once that number is another than `seen`.
    fn reconnected(&self, seen: u64) -> BoxFuture<'static, ()> {
        let _ = seen;
        Box::pin(std::future::pending())
    }
}
