//! An event bus on Redis Pub/Sub: one connection that publishes, one of its own that is subscribed.
//!
//! Heartbeats go to `<channel>:heartbeat`, which 0.4.0 does not listen to, or to `{<channel>}:heartbeat` on the shard
//! channels of a cluster, which the same node serves. A user without the right to it works without heartbeats. Both
//! connections are asked for a sign of life all the time: a half-open one is found within [`PING`] and [`ANSWER`].

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use lazy_layers_engine::value::BoxFuture;
use parking_lot::Mutex;
use redis::{
    ErrorKind, PushInfo, PushKind, RedisError, RedisResult, Value,
    aio::{ConnectionLike, PubSub, PubSubSink, PubSubStream},
    cluster_routing::Slot,
    cmd, pipe,
};
use serde::{Deserialize, Serialize};
use tokio::{
    runtime::Handle,
    sync::mpsc,
    time::{sleep, timeout},
};

use super::{
    address::{Address, Node, Sentinel, Single},
    cluster::ClusterLink,
    connection::{Connection, connect_pushed, connect_single, connect_subscriber},
    fault::{Fault, FaultKind},
    owner::{Access, ConnectionOwner, Server},
    sentinel::{find_master, is_master, moved},
    servers::Servers,
};
use crate::bus::{
    BusFault, BusOwner, Delivery, EventBus, HeartbeatRights, Interrupted, Payload, QueueOptions, Session,
    Subscription, Transport,
};

/// The name of the transport.
const NAME: &str = "redis";
/// How often a sign of life is asked for.
const PING: Duration = Duration::from_secs(1);
/// How long its answer may take.
const ANSWER: Duration = Duration::from_secs(2);

/// Options of a bus on Redis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RedisBusOptions {
    /// The channel, without the client's prefix.
    pub channel: String,
    /// Whether to use the shard channels of a cluster (`SPUBLISH`), which 0.4.0 does not listen to: no.
    pub sharded: bool,
    /// The queue while Redis is away.
    pub retry_queue: QueueOptions,
    /// How long connecting may take in milliseconds: 2000.
    pub connect_timeout_ms: u32,
}

impl Default for RedisBusOptions {
    fn default() -> Self {
        RedisBusOptions {
            channel: String::new(),
            sharded: false,
            retry_queue: QueueOptions::default(),
            connect_timeout_ms: 2000,
        }
    }
}

/// A bus on Redis Pub/Sub.
#[must_use]
pub fn event_bus(
    runtime: Handle,
    address: Address,
    options: RedisBusOptions,
    owner: Arc<dyn BusOwner>,
    connections: Option<Arc<dyn ConnectionOwner>>,
) -> EventBus {
    let queue = options.retry_queue;
    let transport = RedisPubSub {
        heartbeats: Arc::new(HeartbeatRights::new(if options.sharded {
            format!("{{{}}}:heartbeat", options.channel)
        } else {
            format!("{}:heartbeat", options.channel)
        })),
        access: Access::new(Duration::from_millis(options.connect_timeout_ms.max(1).into()), connections),
        address,
        options,
    };
    EventBus::new(runtime, Arc::new(transport), queue, owner)
}

struct RedisPubSub {
    address: Address,
    options: RedisBusOptions,
    heartbeats: Arc<HeartbeatRights>,
    access: Access,
}

impl Transport for RedisPubSub {
    fn name(&self) -> &'static str {
        NAME
    }

    fn has_heartbeats(&self) -> bool {
        self.heartbeats.are_there()
    }

    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, BusFault>> {
        Box::pin(async move {
            let place = self.address.to_string();
            // Twice the limit: one for finding a server, one for connecting to it.
            let opened = timeout(self.access.limit * 2, self.open()).await;
            let (server, publisher) = opened
                .map_err(|_| BusFault::down(format!("Redis at {place} did not answer in time")))?
                .map_err(|error| fault(&error, &place))?;
            let session: Box<dyn Session> = Box::new(RedisSession {
                place,
                server,
                publisher,
                sentinel: match &self.address {
                    Address::Sentinel(sentinel) => Some(sentinel.clone()),
                    Address::Single(_) | Address::Cluster(_) | Address::Client(_) => None,
                },
                channel: self.options.channel.clone(),
                heartbeats: Arc::clone(&self.heartbeats),
                sharded: self.options.sharded,
                access: self.access.clone(),
                subscriber: Mutex::new(None),
            });
            Ok(session)
        })
    }
}

impl RedisPubSub {
    /// The server that serves the channel, and a connection to it.
    async fn open(&self) -> RedisResult<(Single, Connection)> {
        let single = match &self.address {
            Address::Single(single) => single.clone(),
            Address::Sentinel(sentinel) => return find_master(sentinel, &self.access).await,
            Address::Client(_) => {
                return Err(RedisError::from((ErrorKind::InvalidClientConfig, "a bus drives no client")));
            }
            Address::Cluster(cluster) => {
                let link = ClusterLink::connect(cluster, &self.access, &Arc::new(Servers::new())).await?;
                let nodes = link.primaries();
                let any = || nodes.get(fastrand::usize(..nodes.len().max(1))).cloned();
                let slot = Slot::for_key(self.options.channel.as_bytes());
                let node = if self.options.sharded { link.place_of(slot) } else { any() };
                Single {
                    node: node.unwrap_or_else(Node::default),
                    path: None,
                    db: 0,
                    login: cluster.login.clone(),
                    tls: cluster.tls.clone(),
                }
            }
        };
        let connection = connect_single(&single, Server::Data, &self.access).await?;
        Ok((single, connection))
    }
}

struct RedisSession {
    place: String,
    server: Single,
    publisher: Connection,
    /// The sentinels that name the master, which the server has to be.
    sentinel: Option<Sentinel>,
    channel: String,
    heartbeats: Arc<HeartbeatRights>,
    sharded: bool,
    access: Access,
    /// The connection of the subscription, which is asked for signs of life.
    subscriber: Mutex<Option<Subscriber>>,
}

enum Subscriber {
    Classic(PubSubSink),
    Sharded(Connection),
}

impl RedisSession {
    /// Sends a heartbeat, unless the user may not.
    async fn beat(&self, payload: Vec<u8>) -> RedisResult<()> {
        if !self.heartbeats.are_there() {
            return Ok(());
        }
        let mut publish = cmd(if self.sharded { "SPUBLISH" } else { "PUBLISH" });
        publish.arg(&self.heartbeats.name).arg(payload);
        let sent = self.publisher.clone().req_packed_command(&publish).await;
        match sent.and_then(Value::extract_error) {
            Err(error) if lacks_right(&error) => {
                self.heartbeats.are_missing(NAME);
                Ok(())
            }
            sent => sent.map(drop),
        }
    }

    async fn send(&self, channel: &str, payloads: &[Payload]) -> Result<usize, Interrupted> {
        let command = if self.sharded { "SPUBLISH" } else { "PUBLISH" };
        let mut pipeline = pipe();
        for payload in payloads {
            pipeline.cmd(command).arg(channel).arg(&payload.bytes);
        }
        let mut connection = self.publisher.clone();
        let answers = connection.req_packed_commands(&pipeline, 0, payloads.len()).await;
        let answers = answers.map_err(|error| self.interrupted(0, error))?;
        for (sent, answer) in answers.into_iter().enumerate() {
            if let Err(error) = answer.extract_error() {
                return Err(self.interrupted(sent, error));
            }
        }
        Ok(payloads.len())
    }

    fn interrupted(&self, sent: usize, error: RedisError) -> Interrupted {
        Interrupted { sent, fault: fault(&error, &self.place) }
    }

    async fn subscribe_classic(&self) -> RedisResult<PubSubStream> {
        let mut subscriber: PubSub = connect_subscriber(&self.server, &self.access).await?;
        subscriber.subscribe(&self.channel).await?;
        if self.heartbeats.are_there() {
            match subscriber.subscribe(&self.heartbeats.name).await {
                Err(error) if lacks_right(&error) => self.heartbeats.are_missing(NAME),
                subscribed => subscribed?,
            }
        }
        let (sink, stream) = subscriber.split();
        *self.subscriber.lock() = Some(Subscriber::Classic(sink));
        Ok(stream)
    }

    async fn subscribe_sharded(&self) -> RedisResult<mpsc::UnboundedReceiver<PushInfo>> {
        let (pushes, mut pushed) = mpsc::unbounded_channel();
        // A refused subscription goes unnoticed, so an empty heartbeat is sent to learn whether there is the
        // right.
        self.beat(Vec::new()).await?;
        let mut connection = connect_pushed(&self.server, &self.access, pushes).await?;
        let mut subscribe = cmd("SSUBSCRIBE");
        subscribe.arg(&self.channel).set_no_response(true);
        let mut missing = 1;
        if self.heartbeats.are_there() {
            subscribe.arg(&self.heartbeats.name);
            missing = 2;
        }
        connection.send_packed_command(&subscribe).await?;
        while missing > 0 {
            match pushed.recv().await {
                Some(push) if push.kind == PushKind::SSubscribe => missing -= 1,
                Some(push) if push.kind == PushKind::Disconnection => break,
                Some(_) => {}
                None => break,
            }
        }
        if missing > 0 {
            let refused = "the server does not take SSUBSCRIBE: it needs a cluster of Redis 7 or later";
            return Err(RedisError::from((redis::ErrorKind::Io, refused)));
        }
        *self.subscriber.lock() = Some(Subscriber::Sharded(connection));
        Ok(pushed)
    }

    /// Asks both connections for a sign of life.
    async fn is_alive(&self) -> RedisResult<()> {
        let mut publisher = self.publisher.clone();
        if self.sentinel.is_some() {
            if !is_master(&mut publisher).await? {
                return Err(RedisError::from((redis::ErrorKind::Io, "the server is no master any more")));
            }
        } else {
            publisher.req_packed_command(&cmd("PING")).await?;
        }
        let subscriber = self.subscriber.lock().take();
        let alive = match subscriber {
            None => return Ok(()),
            Some(Subscriber::Classic(mut sink)) => {
                let answer = sink.ping::<Value>().await;
                answer.map(|_| Subscriber::Classic(sink))
            }
            Some(Subscriber::Sharded(mut connection)) => {
                let answer = connection.req_packed_command(&cmd("PING")).await;
                answer.map(|_| Subscriber::Sharded(connection))
            }
        };
        *self.subscriber.lock() = Some(alive?);
        Ok(())
    }
}

impl Session for RedisSession {
    fn publish(&self, payloads: Vec<Payload>) -> BoxFuture<'_, Result<usize, Interrupted>> {
        Box::pin(async move { self.send(&self.channel, &payloads).await })
    }

    fn heartbeat(&self, payload: Vec<u8>) -> BoxFuture<'_, Result<(), BusFault>> {
        Box::pin(async move { self.beat(payload).await.map_err(|error| fault(&error, &self.place)) })
    }

    fn echoes(&self) -> bool {
        self.heartbeats.are_there()
    }

    fn subscribe(&self) -> BoxFuture<'_, Result<Subscription, BusFault>> {
        Box::pin(async move {
            let heartbeats = Arc::clone(&self.heartbeats);
            let delivery = move |channel: &[u8], payload: Vec<u8>| {
                if channel == heartbeats.name.as_bytes() {
                    Delivery::Heartbeat(payload, None)
                } else {
                    Delivery::Event(payload, None)
                }
            };
            let late = || BusFault::down(format!("Redis at {} did not answer in time", self.place));
            let deliveries = if self.sharded {
                let pushed =
                    timeout(self.access.limit, self.subscribe_sharded()).await.map_err(|_| late())?;
                let mut pushed = pushed.map_err(|error| fault(&error, &self.place))?;
                let next = futures_util::stream::poll_fn(move |context| pushed.poll_recv(context));
                // A node that loses the slot ends the subscription.
                next.take_while(|push| {
                    let is_over = matches!(push.kind, PushKind::Disconnection | PushKind::SUnsubscribe);
                    std::future::ready(!is_over)
                })
                .filter_map(move |push| std::future::ready(message(push, &delivery)))
                .boxed()
            } else {
                let stream =
                    timeout(self.access.limit, self.subscribe_classic()).await.map_err(|_| late())?;
                let stream = stream.map_err(|error| fault(&error, &self.place))?;
                stream
                    .map(move |message| {
                        let payload = message.get_payload_bytes().to_vec();
                        Ok(delivery(message.get_channel_name().as_bytes(), payload))
                    })
                    .boxed()
            };
            Ok(Subscription { deliveries, continues: false })
        })
    }

    fn lost(&self) -> BoxFuture<'_, BusFault> {
        Box::pin(async move {
            let dead = async {
                loop {
                    sleep(PING).await;
                    match timeout(ANSWER, self.is_alive()).await {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => return fault(&error, &self.place),
                        Err(_) => {
                            return BusFault::down(format!("Redis at {} did not answer in time", self.place));
                        }
                    }
                }
            };
            let master = self.sentinel.as_ref().map(|sentinel| (sentinel, &self.server.node));
            tokio::select! {
                fault = dead => fault,
                () = self.publisher.over() => {
                    BusFault::down(format!("Redis at {} has ended the connection", self.place))
                }
                () = moved(master, &self.access) => BusFault::down(Fault::moved(&self.place).message),
            }
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        // The connections end when they are dropped.
        self.subscriber.lock().take();
        Box::pin(std::future::ready(()))
    }
}

fn message(
    push: PushInfo,
    delivery: &impl Fn(&[u8], Vec<u8>) -> Delivery,
) -> Option<Result<Delivery, BusFault>> {
    let mut data = push.data.into_iter();
    match (push.kind, data.next(), data.next()) {
        (PushKind::SMessage, Some(Value::BulkString(channel)), Some(Value::BulkString(payload))) => {
            Some(Ok(delivery(&channel, payload)))
        }
        _ => None,
    }
}

fn lacks_right(error: &RedisError) -> bool {
    error.code() == Some("NOPERM")
}

fn fault(error: &RedisError, place: &str) -> BusFault {
    let Fault { kind, message } = Fault::of(error, place);
    // Missing rights may be given later, so only a payload that breaks the protocol counts as refused.
    let is_refused = kind == FaultKind::Server && message.contains("Protocol error");
    if is_refused { BusFault::refused(message) } else { BusFault::down(message) }
}
