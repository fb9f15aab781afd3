//! Heartbeats and marks, which have a channel of their own: the broker closes it if the user has no right to them.

use lapin::{
    BasicProperties, Channel, Error, ErrorKind, ExchangeKind,
    options::{BasicPublishOptions, ConfirmSelectOptions, QueueBindOptions},
    types::FieldTable,
};

use super::{NAME, RabbitSession};

/// How long a heartbeat waits in a queue that nobody reads, in milliseconds.
const EXPIRY: &str = "5000";

impl RabbitSession {
    pub(super) async fn declare_heartbeats(&self) -> Result<(), Error> {
        let declared = self.by_channel(async |channel| {
            let name = self.heartbeats.name.as_str().into();
            channel.exchange_declare(name, ExchangeKind::Fanout, self.how(), FieldTable::default()).await
        });
        declared.await.map(drop)
    }

    /// Runs `act` on the channel of heartbeats, if the user has the right to them. Returns false if the broker
    /// refuses, which closes the channel.
    async fn by_channel(&self, act: impl AsyncFnOnce(&Channel) -> Result<(), Error>) -> Result<bool, Error> {
        let channel = self.channel().await?;
        match act(&channel).await {
            Ok(()) => Ok(true),
            Err(error) if self.lacks_right(&error) => {
                let mut beats = self.beats.lock().await;
                if beats.as_ref().is_some_and(|current| current.id() == channel.id()) {
                    *beats = None;
                }
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// The channel of heartbeats. Those who use it do not wait for each other.
    async fn channel(&self) -> Result<Channel, Error> {
        let mut beats = self.beats.lock().await;
        if let Some(channel) = &*beats {
            return Ok(channel.clone());
        }
        let channel = self.connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(beats.insert(channel).clone())
    }

    /// Whether an error says that the user has no right to heartbeats, or to marks, which go to no exchange.
    pub(super) fn lacks_right(&self, error: &Error) -> bool {
        let ErrorKind::ProtocolError(error) = error.kind() else { return false };
        let message = error.get_message().as_str();
        let is_refused = message.contains("ACCESS_REFUSED");
        let lacks_heartbeats = is_refused && message.contains(&format!("'{}'", self.heartbeats.name));
        if lacks_heartbeats {
            self.heartbeats.are_missing(NAME);
        }
        lacks_heartbeats || (is_refused && message.contains("'amq.default'"))
    }

    /// Binds the queue of this instance to the exchange of heartbeats, if the user may.
    pub(super) async fn bind_heartbeats(&self, queue: &str) -> Result<(), Error> {
        if !self.heartbeats.are_there() {
            return Ok(());
        }
        let bound = self.by_channel(async |channel| {
            let (exchange, how) = (self.heartbeats.name.as_str().into(), QueueBindOptions::default());
            channel.queue_bind(queue.into(), exchange, "".into(), how, FieldTable::default()).await
        });
        bound.await.map(drop)
    }

    /// Sends a heartbeat, if the user may.
    pub(super) async fn beat(&self, payload: &[u8]) -> Result<(), Error> {
        if !self.heartbeats.are_there() {
            return Ok(());
        }
        let sent = self.by_channel(async |channel| {
            let properties = BasicProperties::default().with_delivery_mode(1).with_expiration(EXPIRY.into());
            publish(channel, &self.heartbeats.name, "", payload, properties).await
        });
        sent.await.map(drop)
    }

    /// Sends a mark to the queue of this instance. Returns false if the user may not.
    pub(super) async fn send_mark(&self, queue: &str, payload: &[u8]) -> Result<bool, Error> {
        self.by_channel(async |channel| {
            publish(channel, "", queue, payload, BasicProperties::default()).await
        })
        .await
    }
}

async fn publish(
    channel: &Channel,
    exchange: &str,
    key: &str,
    payload: &[u8],
    properties: BasicProperties,
) -> Result<(), Error> {
    let options = BasicPublishOptions::default();
    let confirm = channel.basic_publish(exchange.into(), key.into(), options, payload, properties).await?;
    confirm.await.map(drop)
}
