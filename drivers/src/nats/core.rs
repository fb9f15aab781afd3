//! Core NATS: an event reaches the present subscribers only. Heartbeats go to `<subject>.heartbeat`.
//!
//! The client's `flush` ends when the bytes have left, and its pings are postponed while anything arrives. So events
//! count as sent once a later message has come back through an inbox, and a connection that is lost in one direction
//! is found because its heartbeats do not come back.

use std::{
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use async_nats::{Message, Subscriber};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream, PollNext, select_with_strategy},
};
use lazy_layers_engine::value::BoxFuture;
use tokio::{
    sync::Mutex,
    time::{sleep, timeout},
};

use super::{
    NAME,
    connect::{Connection, NatsOptions, Rights, connect},
    servers::Told,
};
use crate::bus::{BusFault, Delivery, Interrupted, Patience, Payload, Session, Subscription, Transport};

/// How long a goodbye may take.
const DRAIN: Duration = Duration::from_millis(500);
/// How long the server may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// Sent in place of a heartbeat, only to come back.
const MARK: &[u8] = b"";

pub(super) struct Core {
    pub(super) connection: NatsOptions,
    pub(super) subject: String,
    pub(super) rights: Arc<Rights>,
    pub(super) told: Told,
}

impl Transport for Core {
    fn name(&self) -> &'static str {
        NAME
    }

    fn has_heartbeats(&self) -> bool {
        self.rights.has_heartbeats()
    }

    fn patience(&self) -> Patience {
        self.connection.patience
    }

    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, BusFault>> {
        Box::pin(async move {
            let connection = connect(&self.connection, &self.rights, &self.told).await?;
            let (subject, no_echo) = (self.subject.clone(), self.connection.no_echo);
            let marks = Marks::default();
            Ok(Box::new(CoreSession { connection, subject, no_echo, marks }) as Box<dyn Session>)
        })
    }
}

struct CoreSession {
    connection: Connection,
    subject: String,
    no_echo: bool,
    marks: Marks,
}

/// An inbox to which this session sends messages to itself: when one comes back, all that was sent before it has
/// arrived.
#[derive(Default)]
struct Marks {
    inbox: Mutex<Option<(String, Subscriber)>>,
    count: AtomicU64,
}

impl CoreSession {
    /// Waits until the server has all subscriptions up to that of heartbeats, and returns the message that
    /// proves it. A flush is no proof: it only shows that the bytes have left, and a receiver that is told to
    /// listen by then may miss events.
    async fn first_heard(&self, heartbeats: &mut Subscriber) -> Result<Option<Message>, BusFault> {
        let client = &self.connection.client;
        if !self.echoes() {
            client.flush().await.map_err(|error| self.connection.fault(&error))?;
            return Ok(None);
        }
        let marked = client.publish(self.connection.rights.heartbeats.name.clone(), MARK.into()).await;
        marked.map_err(|error| self.connection.fault(&error))?;
        tokio::select! {
            first = heartbeats.next() => Ok(first),
            lost = self.connection.lost() => Err(lost),
            () = self.connection.rights.lack() => Ok(None),
            () = sleep(ANSWER) => Err(self.connection.fault(&"the server did not answer in time")),
        }
    }

    /// Waits until the server has all messages that were sent, as far as that can be told.
    async fn arrived(&self) -> Result<(), BusFault> {
        let client = &self.connection.client;
        if self.no_echo || !self.connection.rights.has_inbox() {
            return client.flush().await.map_err(|error| self.connection.fault(&error));
        }
        let mut inbox = self.marks.inbox.lock().await;
        let (subject, marks) = match &mut *inbox {
            Some(known) => known,
            None => {
                let subject = client.new_inbox();
                let subscribed = client.subscribe(subject.clone()).await;
                let marks = subscribed.map_err(|error| self.connection.fault(&error))?;
                inbox.insert((subject, marks))
            }
        };
        let mark = self.marks.count.fetch_add(1, Relaxed).to_string();
        let marked = client.publish(subject.clone(), mark.clone().into()).await;
        marked.map_err(|error| self.connection.fault(&error))?;
        let comes_back = async {
            loop {
                match marks.next().await {
                    Some(message) if message.payload == mark.as_bytes() => return Ok(()),
                    // The mark of a call that was dropped before its end.
                    Some(_) => {}
                    None => return Err(self.connection.fault(&"the connection ended")),
                }
            }
        };
        tokio::select! {
            biased;
            arrived = comes_back => arrived,
            () = self.connection.rights.lack() => Ok(()),
        }
    }
}

impl Session for CoreSession {
    fn publish(&self, payloads: Vec<Payload>) -> BoxFuture<'_, Result<usize, Interrupted>> {
        Box::pin(async move {
            let client = &self.connection.client;
            let (most, count) = (client.max_payload(), payloads.len());
            for (sent, payload) in payloads.into_iter().enumerate() {
                if payload.bytes.len() > most {
                    // Earlier messages have to arrive before they count as sent.
                    let too_large = too_large(payload.bytes.len(), most);
                    return Err(match self.arrived().await {
                        Ok(()) => Interrupted { sent, fault: too_large },
                        Err(fault) => Interrupted { sent: 0, fault },
                    });
                }
                let published = client.publish(self.subject.clone(), payload.bytes.into()).await;
                published.map_err(|error| Interrupted { sent: 0, fault: self.connection.fault(&error) })?;
            }
            self.arrived().await.map_err(|fault| Interrupted { sent: 0, fault })?;
            Ok(count)
        })
    }

    fn heartbeat(&self, payload: Vec<u8>) -> BoxFuture<'_, Result<(), BusFault>> {
        Box::pin(self.connection.heartbeat(payload))
    }

    fn subscribe(&self) -> BoxFuture<'_, Result<Subscription, BusFault>> {
        Box::pin(async move {
            let client = &self.connection.client;
            let fault = |error: &dyn std::fmt::Display| self.connection.fault(&error);
            let events = client.subscribe(self.subject.clone()).await.map_err(|error| fault(&error))?;
            let mut heartbeats = client
                .subscribe(self.connection.rights.heartbeats.name.clone())
                .await
                .map_err(|error| fault(&error))?;
            let first = self.first_heard(&mut heartbeats).await?;
            let events = events.map(|message| Ok(Delivery::Event(message.payload.to_vec(), None))).boxed();
            let heartbeats = stream::iter(first).chain(heartbeats).boxed();
            let deliveries = after_events(events, heartbeats, |beat| Delivery::Heartbeat(beat, None));
            Ok(Subscription { deliveries, continues: false })
        })
    }

    fn echoes(&self) -> bool {
        !self.no_echo && self.connection.rights.has_heartbeats()
    }

    fn place(&self) -> Option<String> {
        Some(self.connection.place.clone())
    }

    fn lost(&self) -> BoxFuture<'_, BusFault> {
        self.connection.lost()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // A goodbye has to leave first.
            let client = &self.connection.client;
            let closed = timeout(DRAIN, async {
                drop(client.flush().await);
                client.drain().await
            });
            drop(closed.await);
        })
    }
}

/// Merges events with heartbeats, which come when no event waits: a heartbeat must not overtake events that were sent
/// before it, else they seem to be missing.
pub(super) fn after_events(
    events: BoxStream<'static, Result<Delivery, BusFault>>,
    heartbeats: BoxStream<'static, Message>,
    delivery: fn(Vec<u8>) -> Delivery,
) -> BoxStream<'static, Result<Delivery, BusFault>> {
    let heartbeats = heartbeats
        .filter(|message| ready(message.payload != MARK))
        .map(move |message| Ok(delivery(message.payload.to_vec())));
    let over = || BusFault::down("the subscription of the event bus ended");
    let events = events.chain(stream::once(async move { Err(over()) }));
    select_with_strategy(events, heartbeats, |(): &mut ()| PollNext::Left).boxed()
}

pub(super) fn too_large(bytes: usize, most: usize) -> BusFault {
    BusFault::refused(format!(
        "the event is too large for NATS: {bytes} bytes, more than {most} (max_payload)"
    ))
}
