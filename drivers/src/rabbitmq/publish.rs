//! Sends events, and waits until the broker confirms them.

use std::{future::poll_fn, sync::Arc, task::Poll};

use futures_util::future::maybe_done;
use lapin::{BasicProperties, Channel, Confirmation, Error, PublisherConfirm, options::BasicPublishOptions};
use lazy_layers_engine::value::BoxFuture;

use super::{RabbitOptions, RabbitSession};
use crate::bus::Payload;

/// Why the broker did not take a payload.
pub(super) enum Unsent {
    /// It says that it does not, as when a queue is full: other queues may have it.
    Refused,
    Failed(Error),
}

/// How many payloads were taken in order; or how many were, and why the next was not.
type Sent = Result<usize, (usize, Unsent)>;
/// A batch under way. It stays when its caller stops waiting, as the client may have it: sent again, it would arrive
/// twice. The next batch begins with the same events.
pub(super) type Sending = tokio::sync::Mutex<Option<BoxFuture<'static, Sent>>>;

impl RabbitSession {
    /// Sends all payloads, or waits for those that are under way.
    pub(super) async fn send(&self, payloads: Vec<Payload>) -> Sent {
        let mut sending = self.sending.lock().await;
        let batch = sending.get_or_insert_with(|| {
            let (publisher, options) = (self.publisher.clone(), Arc::clone(&self.options));
            Box::pin(async move { send(&publisher, &options, &payloads).await })
        });
        let sent = batch.await;
        *sending = None;
        sent
    }
}

async fn send_one(
    publisher: &Channel,
    options: &RabbitOptions,
    payload: &Payload,
) -> Result<PublisherConfirm, Error> {
    let properties = BasicProperties::default()
        .with_delivery_mode(if options.persistent { 2 } else { 1 })
        .with_content_type("application/octet-stream".into())
        .with_message_id(payload.id.as_str().into());
    let (exchange, key) = (options.exchange.as_str().into(), options.routing_key.as_str().into());
    let how = BasicPublishOptions::default();
    publisher.basic_publish(exchange, key, how, &payload.bytes, properties).await
}

/// Sends all payloads, then waits for all confirmations.
///
/// # Errors
/// Why the broker did not take one, and how many it has taken before.
async fn send(publisher: &Channel, options: &RabbitOptions, payloads: &[Payload]) -> Sent {
    let sending = payloads.iter().map(|payload| Box::pin(maybe_done(send_one(publisher, options, payload))));
    let mut sending: Vec<_> = sending.collect();
    // The first poll hands a payload to the thread of the connection. Handed over together, in order, they leave in
    // one write; a wait for each would be two changes of threads for each.
    for one in &mut sending {
        let _handed: Poll<()> = poll_fn(|context| Poll::Ready(one.as_mut().poll(context))).await;
    }
    let mut confirms = Vec::with_capacity(payloads.len());
    for mut one in sending {
        one.as_mut().await;
        match one.as_mut().take_output() {
            Some(Ok(confirm)) => confirms.push(confirm),
            Some(Err(error)) => return Err((0, Unsent::Failed(error))),
            None => {}
        }
    }
    let mut all = Ok(payloads.len());
    // All of them: the client keeps those that nobody awaits.
    for (sent, confirm) in confirms.into_iter().enumerate() {
        let unsent = match confirm.await {
            Ok(Confirmation::Nack(_)) => Unsent::Refused,
            Ok(Confirmation::Ack(_) | Confirmation::NotRequested) => continue,
            Err(error) => Unsent::Failed(error),
        };
        if all.is_ok() {
            all = Err((sent, unsent));
        }
    }
    all
}
