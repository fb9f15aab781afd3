//! Event buses on NATS: [`core`](mod@core), which reaches the present subscribers only, and [`jetstream`], which
//! keeps events for subscribers that come back. Both reach the servers by `connect`.

mod connect;
mod core;
mod jetstream;
mod servers;
mod taken;

use std::sync::Arc;

use serde::Deserialize;
use tokio::runtime::Handle;

pub use connect::{NatsOptions, NatsTls};
pub use jetstream::JetStreamOptions;

use crate::bus::{BusOwner, EventBus, QueueOptions};

/// The name of the transports.
const NAME: &str = "nats";

/// Options of a bus on NATS.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NatsBusOptions {
    /// How to connect.
    pub connection: NatsOptions,
    /// The subject of events.
    pub subject: String,
    /// The options of `JetStream`, when that is used.
    pub jetstream: Option<JetStreamOptions>,
    /// The queue while the servers are away.
    pub retry_queue: QueueOptions,
}

impl Default for NatsBusOptions {
    fn default() -> Self {
        NatsBusOptions {
            connection: NatsOptions::default(),
            subject: "cache.invalidations".to_owned(),
            jetstream: None,
            retry_queue: QueueOptions::default(),
        }
    }
}

/// A bus on NATS.
#[must_use]
pub fn event_bus(runtime: Handle, options: NatsBusOptions, owner: Arc<dyn BusOwner>) -> EventBus {
    let NatsBusOptions { connection, subject, jetstream, retry_queue } = options;
    let (rights, told) = (Arc::new(connect::Rights::new(&subject)), servers::Told::default());
    match jetstream {
        Some(stream) => {
            let transport =
                jetstream::JetStream { connection, subject, options: Arc::new(stream), rights, told };
            EventBus::new(runtime, Arc::new(transport), retry_queue, owner)
        }
        None => {
            let transport = core::Core { connection, subject, rights, told };
            EventBus::new(runtime, Arc::new(transport), retry_queue, owner)
        }
    }
}
