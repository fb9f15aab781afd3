//! A transport of the drivers whose sessions are in JavaScript: transports of users, and clients that users pass in.
//! The driver does outbox, numbers, gaps, heartbeats and health; JavaScript connects, sends bytes and hands in the
//! bytes that arrive.

use std::{
    sync::{
        Arc,
        atomic::{
            AtomicBool, AtomicU32, AtomicUsize,
            Ordering::{Relaxed, SeqCst},
        },
    },
    time::Duration,
};

use lazy_layers_drivers::bus::{
    BusFault, Delivery, Interrupted, Payload, QueueOptions, Session, Subscription, Transport,
};
use lazy_layers_engine::{bus::wire::decode_heartbeat, value::BoxFuture};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::timeout,
};

use crate::{
    contract::SessionStep,
    queue::{
        BusQueue,
        step::{Ended, Link, SessionState},
    },
};

/// A batch that has not ended within this time may wait for a busy thread of JavaScript, which says nothing about the
/// broker. So the thread is asked for a sign of life.
const UNUSUAL: Duration = Duration::from_secs(1);
/// The thread counts as busy if the sign has not come within this time.
const BUSY: Duration = Duration::from_millis(500);

/// A transport in JavaScript.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct JsTransportOptions {
    /// Its name.
    pub(crate) name: String,
    /// How long connecting may take, and subscribing, in milliseconds: 5000.
    pub(crate) connect_timeout_ms: u32,
    /// Whether heartbeats come in the order of events: yes.
    pub(crate) is_ordered: bool,
    /// The bounds of events that wait while there is no session.
    pub(crate) retry_queue: QueueOptions,
}

impl Default for JsTransportOptions {
    fn default() -> Self {
        JsTransportOptions {
            name: String::new(),
            connect_timeout_ms: 5000,
            is_ordered: true,
            retry_queue: QueueOptions::default(),
        }
    }
}

/// The transport of one bus.
pub(crate) struct JsTransport {
    options: JsTransportOptions,
    owner: u32,
    queue: Arc<BusQueue>,
    has_heartbeats: Arc<AtomicBool>,
}

impl JsTransport {
    pub(crate) fn new(options: JsTransportOptions, owner: u32, queue: Arc<BusQueue>) -> JsTransport {
        JsTransport { options, owner, queue, has_heartbeats: Arc::new(AtomicBool::new(true)) }
    }

    fn limit(&self) -> Duration {
        Duration::from_millis(self.options.connect_timeout_ms.into())
    }
}

impl Transport for JsTransport {
    fn name(&self) -> &str {
        &self.options.name
    }

    fn has_heartbeats(&self) -> bool {
        self.has_heartbeats.load(Relaxed)
    }

    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, BusFault>> {
        static SESSIONS: AtomicU32 = AtomicU32::new(0);
        Box::pin(async move {
            let (deliveries, received) = mpsc::unbounded_channel();
            let state = SessionState {
                listens: AtomicBool::new(false),
                echoed: AtomicBool::new(false),
                has_heartbeats: Arc::clone(&self.has_heartbeats),
                unsent: AtomicUsize::new(0),
                publisher: Mutex::default(),
                lost: watch::Sender::new(None),
                deliveries,
            };
            let number = SESSIONS.fetch_add(1, Relaxed);
            let link =
                Link { owner: self.owner, number, queue: Arc::clone(&self.queue), state: Arc::new(state) };
            let (limit, is_ordered) = (self.limit(), self.options.is_ordered);
            let received = Mutex::new(Some(received));
            let (sending, is_closed) = (tokio::sync::Mutex::default(), AtomicBool::new(false));
            let mut session =
                JsSession { link, limit, is_ordered, received, place: None, sending, is_closed };
            let opened = session.link.ask(SessionStep::Open, Vec::new());
            session.place = in_time(limit, opened).await?.place;
            Ok(Box::new(session) as Box<dyn Session>)
        })
    }
}

/// A session. Dropping it closes it, also while it is being opened.
struct JsSession {
    link: Link,
    limit: Duration,
    is_ordered: bool,
    received: Mutex<Option<mpsc::UnboundedReceiver<Delivery>>>,
    place: Option<String>,
    /// The batch under way. It stays when its caller stops waiting: the next batch begins with the same events.
    sending: tokio::sync::Mutex<Option<oneshot::Receiver<Ended>>>,
    is_closed: AtomicBool,
}

impl Drop for JsSession {
    fn drop(&mut self) {
        if !self.is_closed.swap(true, SeqCst) {
            self.link.tell(SessionStep::Close, 0, Vec::new());
        }
    }
}

impl Session for JsSession {
    fn publish(&self, payloads: Vec<Payload>) -> BoxFuture<'_, Result<usize, Interrupted>> {
        Box::pin(async move {
            let mut sending = self.sending.lock().await;
            let sent = sending.get_or_insert_with(|| {
                let payloads = payloads.into_iter().map(|payload| payload.bytes).collect();
                self.link.ask(SessionStep::Publish, payloads)
            });
            let ended = match timeout(UNUSUAL, &mut *sent).await {
                Ok(ended) => ended,
                Err(_) => {
                    let seen = self.link.probe();
                    match timeout(BUSY, &mut *sent).await {
                        Ok(ended) => ended,
                        Err(_) if !seen.load(SeqCst) => return Ok(0),
                        Err(_) => (&mut *sent).await,
                    }
                }
            };
            *sending = None;
            let Ok(Ended { count, failure, .. }) = ended else {
                return Err(Interrupted { sent: 0, fault: gone() });
            };
            match failure {
                None => Ok(count),
                Some(failed) if failed.is_refused => {
                    Err(Interrupted { sent: count, fault: BusFault::refused(failed.reason) })
                }
                Some(failed) => Err(Interrupted { sent: count, fault: BusFault::down(failed.reason) }),
            }
        })
    }

    /// Does not wait for the step, as the thread of JavaScript may be busy. JavaScript reports a failure.
    fn heartbeat(&self, payload: Vec<u8>) -> BoxFuture<'_, Result<(), BusFault>> {
        if self.link.state.has_heartbeats.load(SeqCst) {
            self.sign(&payload);
            self.link.state.unsent.fetch_add(1, SeqCst);
            self.link.tell(SessionStep::Heartbeat, 0, vec![payload]);
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn goodbye(&self, payload: Vec<u8>) -> BoxFuture<'_, Result<(), BusFault>> {
        Box::pin(async move {
            if !self.link.state.has_heartbeats.load(SeqCst) {
                return Ok(());
            }
            let sent = self.link.ask(SessionStep::Heartbeat, vec![payload]);
            in_time(self.limit, sent).await.map(drop)
        })
    }

    fn mark(&self, payload: Vec<u8>) -> BoxFuture<'_, Result<bool, BusFault>> {
        Box::pin(async move {
            self.heartbeat(payload).await?;
            let state = &self.link.state;
            Ok(self.is_ordered && state.has_heartbeats.load(SeqCst) && state.echoed.load(SeqCst))
        })
    }

    fn subscribe(&self) -> BoxFuture<'_, Result<Subscription, BusFault>> {
        Box::pin(async move {
            let received = self.received.lock().take().ok_or_else(gone)?;
            self.link.state.listens.store(true, SeqCst);
            let subscribed = self.link.ask(SessionStep::Subscribe, Vec::new());
            let continues = in_time(self.limit, subscribed).await?.count > 0;
            Ok(Subscription::of(received, continues))
        })
    }

    /// True only after a heartbeat has come back once, since not every transport returns a session's own
    /// messages; and never while the thread of JavaScript is too busy to send one.
    fn echoes(&self) -> bool {
        let state = &self.link.state;
        state.echoed.load(SeqCst) && state.has_heartbeats.load(SeqCst) && state.unsent.load(SeqCst) == 0
    }

    fn place(&self) -> Option<String> {
        self.place.clone()
    }

    fn lost(&self) -> BoxFuture<'_, BusFault> {
        let mut lost = self.link.state.lost.subscribe();
        Box::pin(async move {
            let reason = lost.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
            reason.map_or_else(gone, BusFault::down)
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if !self.is_closed.swap(true, SeqCst) {
                let closed = self.link.ask(SessionStep::Close, Vec::new());
                drop(in_time(self.limit, closed).await);
            }
        })
    }
}

impl JsSession {
    /// Remembers the publisher whose heartbeats have to come back.
    fn sign(&self, payload: &[u8]) {
        let mut publisher = self.link.state.publisher.lock();
        if publisher.is_empty()
            && let Ok(heartbeat) = decode_heartbeat(payload)
        {
            *publisher = heartbeat.number.publisher;
        }
    }
}

/// The end of a step, which has to come within a limit.
async fn in_time(limit: Duration, step: oneshot::Receiver<Ended>) -> Result<Ended, BusFault> {
    let late = |_| BusFault::down(format!("no answer within {} ms (connectTimeoutMs)", limit.as_millis()));
    let ended = timeout(limit, step).await.map_err(late)?.map_err(|_| gone())?;
    match ended.failure {
        None => Ok(ended),
        Some(failed) => Err(BusFault::down(failed.reason)),
    }
}

fn gone() -> BusFault {
    BusFault::down("the session with the broker is over")
}
