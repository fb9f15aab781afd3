//! Sends events, and waits until the broker confirms them.

use std::{future::poll_fn, task::Poll};

use futures_util::future::maybe_done;
use lapin::{BasicProperties, Confirmation, Error, PublisherConfirm, options::BasicPublishOptions};

use super::RabbitSession;
use crate::bus::Payload;

impl RabbitSession {
    async fn send_one(&self, payload: &Payload) -> Result<PublisherConfirm, Error> {
        let properties = BasicProperties::default()
            .with_delivery_mode(if self.options.persistent { 2 } else { 1 })
            .with_content_type("application/octet-stream".into())
            .with_message_id(payload.id.as_str().into());
        let (exchange, key) =
            (self.options.exchange.as_str().into(), self.options.routing_key.as_str().into());
        let options = BasicPublishOptions::default();
        self.publisher.basic_publish(exchange, key, options, &payload.bytes, properties).await
    }

    /// Sends all payloads, then waits for all confirmations.
    ///
    /// # Errors
    /// Why the broker did not take one, and how many it has taken before.
    pub(super) async fn send(&self, payloads: &[Payload]) -> Result<usize, (usize, Error)> {
        let sending = payloads.iter().map(|payload| Box::pin(maybe_done(self.send_one(payload))));
        let mut sending: Vec<_> = sending.collect();
        // The first poll hands a payload to the thread of the connection. Handed over together, in order, they leave
        // in one write; a wait for each would be two changes of threads for each.
        for one in &mut sending {
            let _handed: Poll<()> = poll_fn(|context| Poll::Ready(one.as_mut().poll(context))).await;
        }
        let mut confirms = Vec::with_capacity(payloads.len());
        for mut one in sending {
            one.as_mut().await;
            match one.as_mut().take_output() {
                Some(Ok(confirm)) => confirms.push(confirm),
                Some(Err(error)) => return Err((0, error)),
                None => {}
            }
        }
        for (sent, confirm) in confirms.into_iter().enumerate() {
            match confirm.await {
                Ok(Confirmation::Nack(_)) => {
                    let full = std::io::Error::other("the broker did not confirm an event");
                    return Err((sent, Error::from(full)));
                }
                Ok(Confirmation::Ack(_) | Confirmation::NotRequested) => {}
                Err(error) => return Err((sent, error)),
            }
        }
        Ok(payloads.len())
    }
}
