//! Core NATS: whoever listens now is reached. Heartbeats go to `<subject>.heartbeat`.

use std::{future::ready, time::Duration};

use async_nats::{Message, Subscriber};
use futures_util::{
    StreamExt,
    stream::{self, select},
};
use lazy_layers_engine::value::BoxFuture;
use tokio::time::sleep;

use super::connect::{Connection, NatsOptions, connect};
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
}

impl Transport for Core {
    fn name(&self) -> &'static str {
        "nats"
    }

    fn patience(&self) -> Patience {
        self.connection.patience
    }

    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, BusFault>> {
        Box::pin(async move {
            let connection = connect(&self.connection).await?;
            let (subject, no_echo) = (self.subject.clone(), self.connection.no_echo);
            Ok(Box::new(CoreSession { connection, subject, no_echo }) as Box<dyn Session>)
        })
    }
}

struct CoreSession {
    connection: Connection,
    subject: String,
    no_echo: bool,
}

impl CoreSession {
    fn heartbeat_subject(&self) -> String {
        format!("{}.heartbeat", self.subject)
    }

    /// Ends once the server has all subscriptions up to that of heartbeats, with what shows it: something was heard
    /// there. What is flushed has only left, and who is told by then that it listens may miss what is sent.
    async fn first_heard(&self, heartbeats: &mut Subscriber) -> Result<Option<Message>, BusFault> {
        let client = &self.connection.client;
        if self.no_echo {
            client.flush().await.map_err(|error| self.connection.fault(&error))?;
            return Ok(None);
        }
        let marked = client.publish(self.heartbeat_subject(), MARK.into()).await;
        marked.map_err(|error| self.connection.fault(&error))?;
        tokio::select! {
            first = heartbeats.next() => Ok(first),
            lost = self.connection.lost() => Err(lost),
            () = sleep(ANSWER) => Err(self.connection.fault(&"the server did not answer in time")),
        }
    }
}

impl Session for CoreSession {
    fn publish(&self, payloads: Vec<Payload>) -> BoxFuture<'_, Result<(), Interrupted>> {
        Box::pin(async move {
            let client = &self.connection.client;
            let most = client.max_payload();
            for (sent, payload) in payloads.into_iter().enumerate() {
                if payload.bytes.len() > most {
                    // Earlier messages have to arrive before they count as sent.
                    let flushed = client.flush().await;
                    let too_large = too_large(payload.bytes.len(), most);
                    return Err(match flushed {
                        Ok(()) => Interrupted { sent, fault: too_large },
                        Err(error) => Interrupted { sent: 0, fault: self.connection.fault(&error) },
                    });
                }
                let published = client.publish(self.subject.clone(), payload.bytes.into()).await;
                published.map_err(|error| Interrupted { sent: 0, fault: self.connection.fault(&error) })?;
            }
            let flushed = client.flush().await;
            flushed.map_err(|error| Interrupted { sent: 0, fault: self.connection.fault(&error) })
        })
    }

    fn heartbeat(&self, payload: Vec<u8>) -> BoxFuture<'_, Result<(), BusFault>> {
        Box::pin(async move {
            let published = self.connection.client.publish(self.heartbeat_subject(), payload.into()).await;
            published.map_err(|error| self.connection.fault(&error))
        })
    }

    fn subscribe(&self) -> BoxFuture<'_, Result<Subscription, BusFault>> {
        Box::pin(async move {
            let client = &self.connection.client;
            let fault = |error: &dyn std::fmt::Display| self.connection.fault(&error);
            let events = client.subscribe(self.subject.clone()).await.map_err(|error| fault(&error))?;
            let mut heartbeats =
                client.subscribe(self.heartbeat_subject()).await.map_err(|error| fault(&error))?;
            let first = self.first_heard(&mut heartbeats).await?;
            let events = events.map(|message| Ok(Delivery::Event(message.payload.to_vec(), None)));
            let heartbeats = stream::iter(first).chain(heartbeats);
            let heartbeats = heartbeats.filter(|message| ready(message.payload != MARK));
            let heartbeats =
                heartbeats.map(|message| Ok(Delivery::Heartbeat(message.payload.to_vec(), None)));
            Ok(Subscription { deliveries: select(events, heartbeats).boxed(), continues: false })
        })
    }

    fn place(&self) -> Option<String> {
        Some(self.connection.place.clone())
    }

    fn lost(&self) -> BoxFuture<'_, BusFault> {
        self.connection.lost()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move { drop(tokio::time::timeout(DRAIN, self.connection.client.drain()).await) })
    }
}

pub(super) fn too_large(bytes: usize, most: usize) -> BusFault {
    BusFault::refused(format!(
        "the event is too large for NATS: {bytes} bytes, more than {most} (max_payload)"
    ))
}
