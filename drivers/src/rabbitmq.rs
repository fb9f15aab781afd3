//! An event bus on an exchange of RabbitMQ: events are confirmed by the broker, each instance has a queue of its own.
//!
//! Heartbeats go through an exchange of their own, `<exchange>.heartbeat`, to which only queues of this package are
//! bound. A user without the right to it works without heartbeats: the broker then closes their channel, which no
//! event uses.
//!
//! The binding of the queue is renewed all the time, because an exchange that is deleted and declared again has lost
//! it.

mod acks;
mod failures;
mod faults;
mod heartbeats;
mod options;
mod publish;
mod socket;

use std::{sync::Arc, time::Duration};

use acks::Acks;
use failures::Failures;
use faults::{fault, not_now};
use futures_util::StreamExt;
use lapin::{
    Channel, Connection, ConnectionProperties, Error, Event, ExchangeKind,
    options::{
        BasicConsumeOptions, BasicQosOptions, ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions,
        QueueDeclareOptions,
    },
    types::FieldTable,
    uri::AMQPUri,
};
use lazy_layers_engine::value::BoxFuture;
pub use options::RabbitOptions;
use parking_lot::Mutex;
use publish::{Sending, Unsent};
use socket::Socket;
use tokio::{
    runtime::Handle,
    time::{sleep, timeout},
};

use crate::bus::{
    Acknowledge, BusFault, BusOwner, Delivery, EventBus, HeartbeatRights, Interrupted, Payload, Session,
    Subscription, Transport,
};

/// The name of the transport.
const NAME: &str = "rabbitmq";
/// The limit for connecting and declaring.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Seconds between signs of life on the connection, unless the URL says otherwise.
const HEARTBEAT_SECONDS: u16 = 5;
/// How often the binding is renewed.
const RENEW: Duration = Duration::from_secs(2);
/// The most unacknowledged events, unless an option sets a limit: they wait in memory.
const PREFETCH: u16 = 10_000;

/// How often this instance sends heartbeats, and how often where they are costly.
const HEARTBEATS: Duration = Duration::from_secs(1);
const RARE_HEARTBEATS: Duration = Duration::from_secs(5);

/// A bus on RabbitMQ.
///
/// # Errors
/// When the URL is invalid; does not contain its text.
pub fn event_bus(
    runtime: Handle,
    url: &str,
    options: RabbitOptions,
    owner: Arc<dyn BusOwner>,
) -> Result<EventBus, String> {
    let mut uri: AMQPUri =
        url.parse().map_err(|_| "not a URL as amqp://user:password@host:5672/vhost".to_owned())?;
    if uri.vhost.is_empty() {
        uri.vhost = "/".to_owned();
    }
    uri.query.heartbeat.get_or_insert(HEARTBEAT_SECONDS);
    let place = format!("{}:{}", uri.authority.host, uri.authority.port);
    let queue = options.retry_queue;
    let heartbeats = Arc::new(HeartbeatRights::new(format!("{}.heartbeat", options.exchange)));
    let transport = Rabbit { uri, place, heartbeats, options: Arc::new(options) };
    Ok(EventBus::new(runtime, Arc::new(transport), queue, owner))
}

struct Rabbit {
    uri: AMQPUri,
    place: String,
    heartbeats: Arc<HeartbeatRights>,
    options: Arc<RabbitOptions>,
}

impl Transport for Rabbit {
    fn name(&self) -> &'static str {
        NAME
    }

    fn has_heartbeats(&self) -> bool {
        self.heartbeats.are_there()
    }

    /// Rare for a queue that stays without a reader: there heartbeats wait behind events, where they do not
    /// expire.
    fn pulse(&self) -> Duration {
        let stays = !self.options.exclusive_queue && !self.options.auto_delete_queue;
        if stays { RARE_HEARTBEATS } else { HEARTBEATS }
    }

    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, BusFault>> {
        Box::pin(async move {
            let opened = timeout(CONNECT_LIMIT, self.open()).await;
            let late = |_| BusFault::down(format!("RabbitMQ at {} did not answer in time", self.place));
            let session = opened.map_err(late)?.map_err(|error| fault(&error, &self.place))?;
            Ok(Box::new(session) as Box<dyn Session>)
        })
    }
}

impl Rabbit {
    async fn open(&self) -> Result<RabbitSession, Error> {
        let properties = ConnectionProperties::default().with_connection_name("lazy-layers-cache".into());
        let (connection, socket) = socket::connect(self.uri.clone(), properties).await?;
        let publisher = connection.create_channel().await?;
        let session = RabbitSession {
            heartbeats: Arc::clone(&self.heartbeats),
            beats: tokio::sync::Mutex::new(None),
            options: Arc::clone(&self.options),
            place: self.place.clone(),
            connection,
            _socket: socket,
            publisher,
            sending: Sending::default(),
            reason: Mutex::new("it blocks the connection".to_owned()),
            bound: Mutex::new(None),
            acks: Arc::new(Acks::new(self.options.prefetch.unwrap_or(PREFETCH))),
            failures: Arc::default(),
        };
        if let Err(error) = session.declare().await {
            drop(session.connection.close(200, "OK".into()).await);
            return Err(error);
        }
        Ok(session)
    }
}

struct RabbitSession {
    options: Arc<RabbitOptions>,
    heartbeats: Arc<HeartbeatRights>,
    /// The channel of heartbeats and marks.
    beats: tokio::sync::Mutex<Option<Channel>>,
    place: String,
    connection: Connection,
    /// Ends the connection, also if it could not be closed.
    _socket: Socket,
    publisher: Channel,
    sending: Sending,
    /// Why the broker has blocked the connection, the last time.
    reason: Mutex<String>,
    /// The channel and queue that are bound.
    bound: Mutex<Option<(Channel, String)>>,
    acks: Arc<Acks>,
    failures: Arc<Failures>,
}

impl RabbitSession {
    fn how(&self) -> ExchangeDeclareOptions {
        ExchangeDeclareOptions { durable: self.options.durable, ..ExchangeDeclareOptions::default() }
    }

    async fn declare(&self) -> Result<(), Error> {
        self.declare_exchange().await?;
        self.declare_heartbeats().await?;
        self.publisher.confirm_select(ConfirmSelectOptions::default()).await
    }

    async fn declare_exchange(&self) -> Result<(), Error> {
        let kind = match self.options.exchange_type.as_str() {
            "topic" => ExchangeKind::Topic,
            "direct" => ExchangeKind::Direct,
            "headers" => ExchangeKind::Headers,
            _ => ExchangeKind::Fanout,
        };
        let exchange = self.options.exchange.as_str().into();
        self.publisher.exchange_declare(exchange, kind, self.how(), FieldTable::default()).await
    }

    /// Whether the queue exists already. If not, the question closes its channel.
    async fn is_there(&self) -> bool {
        if self.options.queue_name.is_empty() {
            return false;
        }
        let Ok(channel) = self.connection.create_channel().await else { return false };
        let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let name = self.options.queue_name.as_str().into();
        let found = channel.queue_declare(name, passive, FieldTable::default()).await;
        if found.is_ok() {
            drop(channel.close(200, "OK".into()).await);
        }
        found.is_ok()
    }

    async fn consume(&self) -> Result<(lapin::Consumer, bool), Error> {
        let options = &self.options;
        let keeps = !options.exclusive_queue && !options.auto_delete_queue;
        let continues = keeps && self.is_there().await;
        let channel = self.connection.create_channel().await?;
        let prefetch = options.prefetch.unwrap_or(PREFETCH);
        if prefetch > 0 {
            channel.basic_qos(prefetch, BasicQosOptions::default()).await?;
        }
        let how = QueueDeclareOptions {
            durable: options.durable,
            exclusive: options.exclusive_queue,
            auto_delete: options.auto_delete_queue,
            ..QueueDeclareOptions::default()
        };
        let name = options.queue_name.as_str().into();
        let queue = channel.queue_declare(name, how, FieldTable::default()).await?;
        let queue = queue.name().as_str().to_owned();
        self.bind(&channel, &queue).await?;
        let consume = BasicConsumeOptions::default();
        let consumer =
            channel.basic_consume(queue.as_str().into(), "".into(), consume, FieldTable::default()).await?;
        *self.bound.lock() = Some((channel, queue));
        Ok((consumer, continues))
    }

    async fn bind(&self, channel: &Channel, queue: &str) -> Result<(), Error> {
        let (options, how) = (&self.options, QueueBindOptions::default());
        let (exchange, key) = (options.exchange.as_str().into(), options.routing_key.as_str().into());
        channel.queue_bind(queue.into(), exchange, key, how, FieldTable::default()).await?;
        self.bind_heartbeats(queue).await
    }

    fn delivery(&self) -> impl Fn(lapin::message::Delivery) -> Delivery + Send + 'static {
        let (heartbeats, acks) = (Arc::clone(&self.heartbeats), Arc::clone(&self.acks));
        let failures = Arc::clone(&self.failures);
        move |delivery| {
            // A message without an exchange comes from this instance itself.
            let is_heartbeat =
                delivery.exchange.as_str() == heartbeats.name || delivery.exchange.as_str().is_empty();
            let (tag, acks, failures) = (delivery.delivery_tag, Arc::clone(&acks), Arc::clone(&failures));
            acks.take(tag, delivery.acker);
            let hash = failures.name(&delivery.data);
            let acknowledge: Acknowledge = Box::new(move |handled| {
                Box::pin(async move {
                    let Some(pause) = failures.put_back_after(hash, handled) else {
                        return acks.handled(tag);
                    };
                    sleep(pause).await;
                    acks.put_back(tag);
                })
            });
            if is_heartbeat {
                Delivery::Heartbeat(delivery.data, Some(acknowledge))
            } else if delivery.redelivered {
                Delivery::Again(delivery.data, acknowledge)
            } else {
                Delivery::Event(delivery.data, Some(acknowledge))
            }
        }
    }
}

impl Session for RabbitSession {
    fn publish(&self, payloads: Vec<Payload>) -> BoxFuture<'_, Result<usize, Interrupted>> {
        Box::pin(async move {
            self.send(payloads).await.map_err(|(sent, unsent)| {
                let fault = match unsent {
                    Unsent::Refused => not_now(&self.place, "an event was refused, as by a full queue"),
                    Unsent::Failed(error) => fault(&error, &self.place),
                };
                Interrupted { sent, fault }
            })
        })
    }

    fn heartbeat(&self, payload: Vec<u8>) -> BoxFuture<'_, Result<(), BusFault>> {
        Box::pin(async move { self.beat(&payload).await.map_err(|error| fault(&error, &self.place)) })
    }

    /// The queue may stay after this session: it is unbound from heartbeats, which nobody would read.
    fn goodbye(&self, payload: Vec<u8>) -> BoxFuture<'_, Result<(), BusFault>> {
        Box::pin(async move {
            let bound = self.bound.lock().clone();
            if let Some((channel, queue)) = bound.filter(|_| self.heartbeats.are_there()) {
                let (queue, exchange) = (queue.as_str().into(), self.heartbeats.name.as_str().into());
                drop(channel.queue_unbind(queue, exchange, "".into(), FieldTable::default()).await);
            }
            self.heartbeat(payload).await
        })
    }

    /// Sends to the queue of this instance, behind all its events, if the user may send to the queue.
    fn mark(&self, payload: Vec<u8>) -> BoxFuture<'_, Result<bool, BusFault>> {
        Box::pin(async move {
            let Some(queue) = self.place() else { return Ok(false) };
            self.send_mark(&queue, &payload).await.map_err(|error| fault(&error, &self.place))
        })
    }

    /// While the broker is short of memory or disk it reads nothing from a connection that has sent an event, and sends
    /// on as before.
    fn blocked(&self) -> Option<BusFault> {
        self.connection.status().blocked().then(|| not_now(&self.place, &self.reason.lock()))
    }

    fn has_batch(&self) -> bool {
        self.sending.try_lock().map_or(true, |sending| sending.is_some())
    }

    /// A queue may have no majority of its members for now. Whether the connection is lost shows by its heartbeats and
    /// by the renewal of the binding.
    fn late(&self) -> Option<BusFault> {
        Some(not_now(&self.place, "an event is not confirmed"))
    }

    fn subscribe(&self) -> BoxFuture<'_, Result<Subscription, BusFault>> {
        Box::pin(async move {
            let late = |_| BusFault::down(format!("RabbitMQ at {} did not answer in time", self.place));
            let consumed = timeout(CONNECT_LIMIT, self.consume()).await.map_err(late)?;
            let (consumer, continues) = consumed.map_err(|error| fault(&error, &self.place))?;
            let (place, delivery) = (self.place.clone(), self.delivery());
            let deliveries = consumer
                .map(move |delivered| delivered.map(&delivery).map_err(|error| fault(&error, &place)))
                .boxed();
            Ok(Subscription { deliveries, continues })
        })
    }

    /// They wait behind events that are being handled.
    fn echoes(&self) -> bool {
        false
    }

    fn place(&self) -> Option<String> {
        self.bound.lock().as_ref().map(|(_, queue)| queue.clone())
    }

    fn lost(&self) -> BoxFuture<'_, BusFault> {
        Box::pin(async move {
            let mut events = self.connection.events_listener();
            let renew = async {
                loop {
                    sleep(RENEW).await;
                    let bound = self.bound.lock().clone().filter(|_| self.blocked().is_none());
                    let Some((channel, queue)) = bound else { continue };
                    match timeout(CONNECT_LIMIT, self.bind(&channel, &queue)).await {
                        Ok(Ok(())) => {}
                        Err(_) if self.blocked().is_some() => {}
                        Ok(Err(error)) => return fault(&error, &self.place),
                        Err(_) => {
                            return BusFault::down(format!(
                                "RabbitMQ at {} did not answer in time",
                                self.place
                            ));
                        }
                    }
                }
            };
            let broken = async {
                while let Some(event) = events.next().await {
                    match event {
                        Event::Error(error) if !self.lacks_right(&error) => {
                            return fault(&error, &self.place);
                        }
                        Event::ConnectionBlocked(reason) => *self.reason.lock() = reason,
                        _ => {}
                    }
                }
                BusFault::down(format!("the connection to RabbitMQ at {} ended", self.place))
            };
            tokio::select! {
                fault = renew => fault,
                fault = broken => fault,
                never = self.acks.keep_telling() => match never {},
            }
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if self.blocked().is_some() {
                return;
            }
            self.acks.tell().await;
            drop(self.connection.close(200, "OK".into()).await);
        })
    }
}
