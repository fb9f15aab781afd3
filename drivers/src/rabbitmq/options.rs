//! Options of a bus on RabbitMQ, and their defaults.

use serde::{Deserialize, Serialize};

use crate::bus::QueueOptions;

/// Options of a bus on RabbitMQ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RabbitOptions {
    /// The exchange.
    pub exchange: String,
    /// Its type: `fanout`, `topic`, `direct` or `headers`.
    pub exchange_type: String,
    /// Whether exchange and queue outlive the broker.
    pub durable: bool,
    /// Whether events are written to disk before they are confirmed.
    pub persistent: bool,
    /// The queue; the broker makes a name up when it is empty.
    pub queue_name: String,
    /// Whether the queue ends with the connection.
    pub exclusive_queue: bool,
    /// Whether the queue ends with its last consumer.
    pub auto_delete_queue: bool,
    /// With which key events are published and the queue is bound.
    pub routing_key: String,
    /// The most unacknowledged events; 0 is no limit.
    pub prefetch: Option<u16>,
    /// The queue while the broker is away.
    pub retry_queue: QueueOptions,
}

impl Default for RabbitOptions {
    fn default() -> Self {
        RabbitOptions {
            exchange: String::new(),
            exchange_type: "fanout".to_owned(),
            durable: false,
            persistent: false,
            queue_name: String::new(),
            exclusive_queue: true,
            auto_delete_queue: true,
            routing_key: String::new(),
            prefetch: None,
            retry_queue: QueueOptions::default(),
        }
    }
}
