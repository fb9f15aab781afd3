//! Core NATS: whoever listens now is reached. Heartbeats go to `<subject>.heartbeat`.

use std::time::Duration;

use futures_util::{StreamExt, stream::select};
use lazy_layers_engine::value::BoxFuture;

use super::connect::{Connection, NatsOptions, connect};
use crate::bus::{BusFault, Delivery, Interrupted, Patience, Payload, Session, Subscription, Transport};

/// How long a goodbye may take.
const DRAIN: Duration = Duration::from_millis(500);

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
            Ok(Box::new(CoreSession { connection, subject: self.subject.clone() }) as Box<dyn Session>)
        })
    }
}

struct CoreSession {
    connection: Connection,
    subject: String,
}

impl CoreSession {
    fn heartbeat_subject(&self) -> String {
        format!("{}.heartbeat", self.subject)
    }
}

impl Session for CoreSession {
    fn publish(&self, payloads: Vec<Payload>) -> BoxFuture<'_, Result<(), Interrupted>> {
        Box::pin(async move {
            let client = &self.connection.client;
            let most = client.max_payload();
            for (sent, payload) in payloads.into_iter().enumerate() {
                if payload.bytes.len() > most {
                    // What was sent before has to arrive before it counts as sent.
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
            let heartbeats =
                client.subscribe(self.heartbeat_subject()).await.map_err(|error| fault(&error))?;
            // Answered once the server has both.
            client.flush().await.map_err(|error| fault(&error))?;
            let events = events.map(|message| Ok(Delivery::Event(message.payload.to_vec(), None)));
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
