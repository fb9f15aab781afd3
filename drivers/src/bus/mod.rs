//! The common part of all event buses: events wait in an [`outbox`] and leave in order, a task keeps one session with
//! the broker open (`run`), and deliveries go to the [`Receive`]rs (`dispatch`).
//!
//! ```text
//! EventBus ── events ──▶ outbox ──▶ run ── Session::publish ──▶ broker
//!                                    │ ▲ a session that is lost: pause, connect, subscribe, go on with the outbox
//! Receive ◀── dispatch ◀─────────────┘ └──── Session::subscribe ◀── broker
//! ```
//!
//! Loaded values that leave together share a payload (`together`), unless there may be instances of 0.4.0 (`older`).
//!
//! Heartbeats carry the last number of a publisher, and show that it is present (`pulse`, `presence`). They come back
//! to their sender, which shows that its session works in both directions. After a `freeze` nothing is served
//! unasked.
//!
//! A [`Transport`] makes [`Session`]s: there are `redis/pubsub`, `rabbitmq`, `nats`, and one in the addon whose
//! sessions are in JavaScript.

mod away;
mod blocked;
mod dispatch;
mod fault;
pub mod freeze;
mod handle;
mod health;
mod held;
mod leave;
mod older;
mod outbox;
mod presence;
mod pulse;
mod rights;
mod run;
mod sight;
#[cfg(test)]
mod tests;
mod together;
mod underway;

use std::time::Duration;

use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use lazy_layers_engine::value::BoxFuture;
use tokio::sync::mpsc;

pub use dispatch::{Handling, Receive, Received};
pub use fault::{BusFault, BusFaultKind};
pub use handle::{BusOwner, EventBus, SubscriptionId};
pub use health::BusHealth;
pub use held::{has_held, hold, wake_held};
pub use leave::leave;
pub use outbox::QueueOptions;
pub(crate) use rights::HeartbeatRights;

/// How a bus connects again.
#[derive(Debug, Clone, Copy, PartialEq, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Patience {
    /// The first pause in milliseconds; each further one is twice as long: 50.
    pub first_ms: f64,
    /// The longest pause in milliseconds: 2000.
    pub longest_ms: f64,
    /// How many attempts in a row may fail; without limit when not given.
    pub attempts: Option<u32>,
}

impl Default for Patience {
    fn default() -> Self {
        Patience { first_ms: 50.0, longest_ms: 2000.0, attempts: None }
    }
}

/// A way to a broker.
pub trait Transport: Send + Sync + 'static {
    /// Its name: `redis`, `rabbitmq`, `nats`, or that of a transport of a user.
    fn name(&self) -> &str;
    /// How long to wait before connecting again.
    fn patience(&self) -> Patience {
        Patience::default()
    }
    /// The shortest time between heartbeats while nothing else is sent.
    fn pulse(&self) -> Duration {
        Duration::from_secs(1)
    }
    /// Whether the user may send and hear heartbeats, as far as that is known.
    fn has_heartbeats(&self) -> bool {
        true
    }
    /// Connects; has a timeout of its own.
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, BusFault>>;
}

/// A connection to a broker. Lost once one of its operations fails, unless the broker takes no events for now.
pub trait Session: Send + Sync {
    /// Sends payloads in order, until one fails. Ends when the broker has them, as far as the transport can
    /// tell. Returns how many were sent: the driver submits the rest again, also after [`BusFaultKind::Blocked`].
    fn publish(&self, payloads: Vec<Payload>) -> BoxFuture<'_, Result<usize, Interrupted>>;
    /// Tells receivers the last number of this publisher, by a message that no other subscriber sees.
    fn heartbeat(&self, payload: Vec<u8>) -> BoxFuture<'_, Result<(), BusFault>>;
    /// Sends the last heartbeat.
    fn goodbye(&self, payload: Vec<u8>) -> BoxFuture<'_, Result<(), BusFault>> {
        self.heartbeat(payload)
    }
    /// Sends a heartbeat to this session alone, or to all, that comes back after all events that the broker has
    /// for this session. Returns false if the transport has no such way.
    fn mark(&self, payload: Vec<u8>) -> BoxFuture<'_, Result<bool, BusFault>> {
        Box::pin(async move {
            self.heartbeat(payload).await?;
            Ok(self.echoes())
        })
    }
    /// Whether a mark is sent only once the events before it have arrived. One that is late then says nothing
    /// about the session, which notices by other means that it is broken.
    fn marks_wait(&self) -> bool {
        false
    }
    /// Why the broker takes nothing for now, if it has said so. Nothing is sent meanwhile.
    fn blocked(&self) -> Option<BusFault> {
        None
    }
    /// Whether its client has events that were submitted before and are not confirmed. They stay, and are submitted
    /// again to wait for them.
    fn has_batch(&self) -> bool {
        false
    }
    /// Why the session goes on though the broker has not confirmed in time what it was sent; `None` if it is lost then.
    /// The session waits on for the same batch when it is submitted again.
    fn late(&self) -> Option<BusFault> {
        None
    }
    /// Begins to receive.
    fn subscribe(&self) -> BoxFuture<'_, Result<Subscription, BusFault>>;
    /// Whether heartbeats of this session come back to it soon, whatever other messages are under way.
    fn echoes(&self) -> bool {
        true
    }
    /// Where events come from: the queue of this instance, or the server.
    fn place(&self) -> Option<String> {
        None
    }
    /// Ends when the connection is found to be lost.
    fn lost(&self) -> BoxFuture<'_, BusFault>;
    /// Says goodbye to the broker.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// An event on its way out, or several loaded values.
#[derive(Debug, Clone)]
pub struct Payload {
    /// Identifies the event, or the events: brokers that can compare ids do not take it twice.
    pub id: String,
    /// As it is sent.
    pub bytes: Vec<u8>,
}

/// Sending stopped.
#[derive(Debug)]
pub struct Interrupted {
    /// The number of payloads that had been sent.
    pub sent: usize,
    /// Why.
    pub fault: BusFault,
}

/// The deliveries of a session.
pub struct Subscription {
    /// Ends when nothing more will come.
    pub deliveries: BoxStream<'static, Result<Delivery, BusFault>>,
    /// Whether the broker has kept the events that were sent while there was no subscription.
    pub continues: bool,
}

impl Subscription {
    /// A subscription whose deliveries come through a channel.
    #[must_use]
    pub fn of(received: mpsc::UnboundedReceiver<Delivery>, continues: bool) -> Subscription {
        let next = async |mut received: mpsc::UnboundedReceiver<Delivery>| {
            let delivery = received.recv().await?;
            Some((Ok(delivery), received))
        };
        Subscription { deliveries: stream::unfold(received, next).boxed(), continues }
    }
}

/// A received message.
pub enum Delivery {
    /// An event, and how to report its outcome to the broker, if it waits for it.
    Event(Vec<u8>, Option<Acknowledge>),
    /// An event that was delivered before, to this instance or its predecessor, and perhaps later ones since.
    Again(Vec<u8>, Acknowledge),
    /// The heartbeat of a publisher, and how to tell the broker that it has arrived.
    Heartbeat(Vec<u8>, Option<Acknowledge>),
    /// A heartbeat that comes by another way than events and may overtake them: its number says nothing about
    /// them.
    SignOfLife(Vec<u8>),
}

/// Tells the broker whether an event was handled; if not it may come again.
pub type Acknowledge = Box<dyn FnOnce(bool) -> BoxFuture<'static, ()> + Send>;
