//! NATS `JetStream`: a stream keeps the events, and each instance reads it by a durable consumer of its own.

use std::{error::Error as _, future::ready, sync::Arc, time::Duration};

use async_nats::jetstream::{
    self, Context, ErrorCode,
    consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull},
    context::{GetStreamErrorKind, PublishError},
    message::PublishMessage,
    stream::{Config, StorageType, Stream},
};
use futures_util::{StreamExt, future::join_all};
use lazy_layers_engine::value::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::time::{sleep, timeout};

use super::{
    NAME,
    connect::{Connection, NatsOptions, Rights, connect},
    core::{after_events, too_large},
    servers::Told,
    taken::Taken,
};
use crate::bus::{BusFault, Delivery, Interrupted, Patience, Payload, Session, Subscription, Transport};

/// How long the server may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// How often the server reports that it has no new messages: the stream of messages ends when the report is missing.
const IDLE: Duration = Duration::from_secs(2);
/// How often to check whether all events have arrived.
const CATCH_UP: Duration = Duration::from_millis(5);
/// How often events are asked for again: twice `IDLE`, the least that the server allows. For as long it may hand
/// events to a session whose connection is broken.
const EXPIRES: Duration = Duration::from_secs(4);
/// How often to check whether it still may.
const ALONE: Duration = Duration::from_millis(50);

/// The options of `JetStream`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JetStreamOptions {
    /// The name of the stream.
    pub stream: String,
    /// The name of this instance's consumer.
    pub durable_name: String,
    /// `file` or `memory`.
    pub storage: String,
    /// How long events are kept in milliseconds; 0 is for ever.
    pub max_age_ms: f64,
    /// How many events are kept; -1 is without limit.
    pub max_msgs: i64,
    /// How long the server waits to hear of an event, in milliseconds.
    pub ack_wait_ms: f64,
    /// How often an event is delivered at most; -1 is without limit.
    pub max_deliver: i64,
    /// Whether a stream that is missing is made.
    pub ensure_stream: bool,
    /// Whether a consumer that is missing is made.
    pub ensure_consumer: bool,
}

impl Default for JetStreamOptions {
    fn default() -> Self {
        JetStreamOptions {
            stream: "CACHE_INVALIDATIONS".to_owned(),
            durable_name: String::new(),
            storage: "file".to_owned(),
            max_age_ms: 0.0,
            max_msgs: -1,
            ack_wait_ms: 30_000.0,
            max_deliver: 10,
            ensure_stream: true,
            ensure_consumer: true,
        }
    }
}

pub(super) struct JetStream {
    pub(super) connection: NatsOptions,
    pub(super) subject: String,
    pub(super) options: Arc<JetStreamOptions>,
    pub(super) rights: Arc<Rights>,
    pub(super) told: Told,
}

impl Transport for JetStream {
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
            let mut context = jetstream::new(connection.client.clone());
            context.set_timeout(ANSWER);
            let (subject, options) = (self.subject.clone(), Arc::clone(&self.options));
            let no_echo = self.connection.no_echo;
            let taken = Arc::default();
            let session = StreamSession { connection, context, subject, options, no_echo, taken };
            session.in_time(session.stream()).await?;
            Ok(Box::new(session) as Box<dyn Session>)
        })
    }
}

struct StreamSession {
    connection: Connection,
    context: Context,
    subject: String,
    options: Arc<JetStreamOptions>,
    no_echo: bool,
    taken: Arc<Taken>,
}

impl StreamSession {
    /// The stream, which is made if the options allow it.
    async fn stream(&self) -> Result<Stream, BusFault> {
        let name = &self.options.stream;
        match self.context.get_stream(name).await {
            Ok(stream) => return Ok(stream),
            Err(error) if is_missing(error.kind()) && self.options.ensure_stream => {}
            Err(error) => return Err(self.fault(&format!("the stream \"{name}\": {error}"))),
        }
        match self.context.create_stream(self.config()).await {
            Ok(made) => Ok(made),
            // Another instance may have made it at the same time: the second one is refused.
            Err(error) => self
                .context
                .get_stream(name)
                .await
                .map_err(|_| self.fault(&format!("the stream \"{name}\" cannot be made: {error}"))),
        }
    }

    fn config(&self) -> Config {
        Config {
            name: self.options.stream.clone(),
            subjects: vec![self.subject.clone()],
            storage: if self.options.storage == "memory" { StorageType::Memory } else { StorageType::File },
            max_age: millis(self.options.max_age_ms),
            max_messages: self.options.max_msgs,
            ..Config::default()
        }
    }

    /// The consumer of this instance, and whether it was there.
    async fn consumer(&self, stream: &Stream) -> Result<(PullConsumer, bool), BusFault> {
        let name = &self.options.durable_name;
        match stream.get_consumer::<pull::Config>(name).await {
            Ok(consumer) => return Ok((consumer, true)),
            Err(error) if !self.options.ensure_consumer => {
                return Err(self.fault(&format!("the consumer \"{name}\": {error}")));
            }
            Err(_) => {}
        }
        let config = pull::Config {
            durable_name: Some(name.clone()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: millis(self.options.ack_wait_ms),
            max_deliver: self.options.max_deliver,
            filter_subject: self.subject.clone(),
            ..pull::Config::default()
        };
        let made = match stream.create_consumer(config).await {
            Ok(made) => made,
            // As with the stream: another may have made it at the same time.
            Err(error) => stream
                .get_consumer(name)
                .await
                .map_err(|_| self.fault(&format!("the consumer \"{name}\" cannot be made: {error}")))?,
        };
        Ok((made, false))
    }

    /// Whether all outstanding events of a consumer come now: one that an earlier session was handed comes again only
    /// after its acknowledgement time.
    ///
    /// The server may take the connection of that session for open, and hand it the next event. So this first waits
    /// until the requests of all other sessions have expired; in vain if another instance has the same durable name.
    async fn continues(&self, consumer: &mut PullConsumer) -> Result<bool, BusFault> {
        let alone = async {
            while consumer.cached_info().num_waiting > 0 {
                sleep(ALONE).await;
                consumer.info().await.map_err(|error| self.fault(&error))?;
            }
            Ok(consumer.cached_info().num_ack_pending == 0)
        };
        timeout(EXPIRES, alone).await.unwrap_or(Ok(false))
    }

    fn fault(&self, error: &impl std::fmt::Display) -> BusFault {
        self.connection.fault(error)
    }

    /// Why the stream has not taken an event. No later attempt helps one that is too large for it. A server that gives
    /// another reason, as when the stream is full, is there: it takes none for now.
    fn not_stored(&self, error: &PublishError) -> BusFault {
        let answer = error.source().and_then(|source| source.downcast_ref::<jetstream::Error>());
        match answer.map(jetstream::Error::error_code) {
            Some(ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM | ErrorCode::STREAM_HEADER_EXCEEDS_MAXIMUM) => {
                BusFault::refused(format!("the event is too large for NATS: {error}"))
            }
            Some(_) => BusFault::blocked(self.fault(&format!("it takes no events for now: {error}")).message),
            None => self.fault(error),
        }
    }

    async fn in_time<T>(&self, asked: impl Future<Output = Result<T, BusFault>>) -> Result<T, BusFault> {
        let late = |_| self.fault(&"the server did not answer in time");
        timeout(ANSWER, asked).await.map_err(late)?
    }

    async fn send(&self, payloads: Vec<Payload>) -> Result<usize, Interrupted> {
        let most = self.connection.client.max_payload();
        let mut waiting = Vec::with_capacity(payloads.len());
        let mut refused = None;
        for payload in payloads {
            // The headers count too.
            let bytes = payload.bytes.len() + payload.id.len() + 64;
            if bytes > most {
                refused = Some(too_large(bytes, most));
                break;
            }
            let message = PublishMessage::build().payload(payload.bytes.into()).message_id(&payload.id);
            let sent = self.context.send_publish(self.subject.clone(), message).await;
            waiting.push(sent.map_err(|error| Interrupted { sent: 0, fault: self.fault(&error) })?);
        }
        let answers = join_all(waiting.into_iter().map(IntoFuture::into_future)).await;
        for (sent, answer) in answers.iter().enumerate() {
            if let Err(error) = answer {
                return Err(Interrupted { sent, fault: self.not_stored(error) });
            }
        }
        match refused {
            Some(fault) => Err(Interrupted { sent: answers.len(), fault }),
            None => Ok(answers.len()),
        }
    }
}

impl Session for StreamSession {
    fn publish(&self, payloads: Vec<Payload>) -> BoxFuture<'_, Result<usize, Interrupted>> {
        Box::pin(self.send(payloads))
    }

    /// Sent outside of the stream, which keeps all its messages: a heartbeat only tells that this instance is
    /// there.
    fn heartbeat(&self, payload: Vec<u8>) -> BoxFuture<'_, Result<(), BusFault>> {
        Box::pin(self.connection.heartbeat(payload))
    }

    /// Heartbeats do not come through the stream, so this first waits until all events in the stream have arrived.
    /// They may be handled later.
    fn mark(&self, payload: Vec<u8>) -> BoxFuture<'_, Result<bool, BusFault>> {
        Box::pin(async move {
            let mut stream = self.stream().await?;
            let last = stream.info().await.map_err(|error| self.fault(&error))?.state.last_sequence;
            let name = &self.options.durable_name;
            loop {
                let consumer = stream.get_consumer::<pull::Config>(name).await;
                let consumer = consumer.map_err(|error| self.fault(&error))?;
                let told = consumer.cached_info();
                let is_acknowledged = told.num_ack_pending == 0 || self.taken.has_all_of(told);
                let has_all = told.num_pending == 0 && is_acknowledged;
                if has_all || self.taken.reaches(last) || told.ack_floor.stream_sequence >= last {
                    break;
                }
                sleep(CATCH_UP).await;
            }
            self.heartbeat(payload).await?;
            Ok(self.echoes())
        })
    }

    /// The reports of the server show whether the session works.
    fn marks_wait(&self) -> bool {
        true
    }

    fn subscribe(&self) -> BoxFuture<'_, Result<Subscription, BusFault>> {
        Box::pin(async move {
            let found = async { self.consumer(&self.stream().await?).await };
            let (mut consumer, was_there) = self.in_time(found).await?;
            let continues = was_there && self.continues(&mut consumer).await?;
            self.taken.begin(consumer.cached_info());
            let asking = async {
                let messages = consumer.stream().heartbeat(IDLE).expires(EXPIRES).messages().await;
                messages.map_err(|error| self.fault(&error))
            };
            let messages = self.in_time(asking).await?;
            let heartbeats =
                self.connection.client.subscribe(self.connection.rights.heartbeats.name.clone()).await;
            let heartbeats = heartbeats.map_err(|error| self.fault(&error))?;
            let place = self.connection.place.clone();
            let taken = Arc::clone(&self.taken);
            let deliveries = messages.filter_map(move |message| {
                ready(match message {
                    Ok(message) => taken.take(message).map(Ok),
                    Err(error) => Some(Err(BusFault::down(format!("NATS at {place}: {error}")))),
                })
            });
            let deliveries = after_events(deliveries.boxed(), heartbeats.boxed(), Delivery::SignOfLife);
            Ok(Subscription { deliveries, continues })
        })
    }

    fn echoes(&self) -> bool {
        !self.no_echo && self.connection.rights.has_heartbeats()
    }

    fn place(&self) -> Option<String> {
        Some(self.connection.place.clone())
    }

    fn lost(&self) -> BoxFuture<'_, BusFault> {
        Box::pin(async move {
            tokio::select! {
                fault = self.connection.lost() => fault,
                never = self.taken.keep() => match never {},
            }
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // Acknowledgements have to reach the server.
            drop(timeout(ANSWER, self.connection.client.flush()).await);
        })
    }
}

fn is_missing(kind: GetStreamErrorKind) -> bool {
    matches!(kind, GetStreamErrorKind::JetStream(error) if error.error_code() == jetstream::ErrorCode::STREAM_NOT_FOUND)
}

fn millis(millis: f64) -> Duration {
    Duration::try_from_secs_f64(millis / 1000.0).unwrap_or_default()
}
