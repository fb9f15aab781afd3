//! A broker, its transport and its receivers, which tests break and inspect.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};

use futures_util::{StreamExt, stream};
use lazy_layers_engine::{
    bus::wire::{Decoded, Heartbeat, Number, Packed, decode, decode_heartbeat},
    observe::event::GapReason,
    value::BoxFuture,
};
use parking_lot::Mutex;
use tokio::{runtime::Handle, sync::mpsc, time::Duration};

use crate::bus::{
    BusFault, BusOwner, Delivery, EventBus, Handling, Interrupted, Patience, Payload, QueueOptions, Receive,
    Received, Session, Subscription, Transport,
};

/// A broker that hands on events while it is up.
#[derive(Default)]
pub(super) struct Broker {
    pub(super) is_down: AtomicBool,
    /// Whether it ignores connections and subscriptions.
    pub(super) hangs: AtomicBool,
    pub(super) refuses: Mutex<Option<u64>>,
    /// Whether it has said that it takes nothing for now, and whether it says so of each event.
    pub(super) blocks: AtomicBool,
    pub(super) postpones: AtomicBool,
    /// Whether it does not answer what it is sent, and whether the session goes on all the same.
    pub(super) ignores: AtomicBool,
    pub(super) may_be_late: AtomicBool,
    /// How often it was sent events.
    pub(super) tries: AtomicUsize,
    sent: Mutex<Vec<u64>>,
    /// The heartbeats that it was sent.
    pub(super) beats: Mutex<Vec<Heartbeat>>,
    /// Whether deliveries before a mark take for ever, and whether marks do not come back.
    pub(super) holds_marks: AtomicBool,
    pub(super) returns_no_marks: AtomicBool,
    /// Whether marks wait for the deliveries before them.
    pub(super) marks_wait: AtomicBool,
    /// Whether marks take a while, during which no heartbeat can be sent.
    pub(super) marks_exclude_beats: AtomicBool,
    /// How often connecting may fail.
    attempts: Option<u32>,
    /// Whether it drops heartbeats.
    pub(super) swallows_beats: AtomicBool,
    subscribers: Mutex<Vec<mpsc::UnboundedSender<Delivery>>>,
    ends: Mutex<Vec<mpsc::UnboundedSender<()>>>,
    pub(super) keeps: AtomicBool,
    /// Whether a session takes half a second to close.
    pub(super) closes_slowly: AtomicBool,
}

impl Broker {
    /// A broker to which connecting may fail that often.
    pub(super) fn patient_for(attempts: u32) -> Broker {
        Broker { attempts: Some(attempts), ..Broker::default() }
    }

    /// Ends all sessions. New ones cannot be opened until it is up again.
    pub(super) fn crash(&self) {
        self.is_down.store(true, SeqCst);
        self.subscribers.lock().clear();
        self.ends.lock().clear();
    }

    /// Waits until it takes notice.
    async fn notices(&self) {
        while self.hangs.load(SeqCst) {
            pass(MOMENT).await;
        }
    }

    pub(super) fn come_back(&self) {
        self.is_down.store(false, SeqCst);
    }

    pub(super) fn deliver(&self, delivery: impl Fn() -> Delivery) {
        for subscriber in &*self.subscribers.lock() {
            drop(subscriber.send(delivery()));
        }
    }

    pub(super) fn sent(&self) -> Vec<u64> {
        self.sent.lock().clone()
    }
}

pub(super) struct Line(pub(super) Arc<Broker>);

impl Transport for Line {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn patience(&self) -> Patience {
        Patience { attempts: self.0.attempts, ..Patience::default() }
    }

    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, BusFault>> {
        Box::pin(async move {
            self.0.notices().await;
            if self.0.is_down.load(SeqCst) {
                return Err(BusFault::down("nobody there"));
            }
            let (end, ended) = mpsc::unbounded_channel();
            self.0.ends.lock().push(end);
            let (broker, ended) = (Arc::clone(&self.0), tokio::sync::Mutex::new(ended));
            Ok(Box::new(FakeSession { broker, ended, marking: tokio::sync::Mutex::default() })
                as Box<dyn Session>)
        })
    }
}

struct FakeSession {
    broker: Arc<Broker>,
    ended: tokio::sync::Mutex<mpsc::UnboundedReceiver<()>>,
    marking: tokio::sync::Mutex<()>,
}

impl FakeSession {
    fn beat(&self, payload: &[u8]) {
        self.broker.beats.lock().push(decode_heartbeat(payload).expect("a heartbeat"));
        if !self.broker.swallows_beats.load(SeqCst) {
            self.broker.deliver(|| Delivery::Heartbeat(payload.to_vec(), None));
        }
    }
}

impl Session for FakeSession {
    fn publish(&self, payloads: Vec<Payload>) -> BoxFuture<'_, Result<usize, Interrupted>> {
        Box::pin(async move {
            let count = payloads.len();
            self.broker.tries.fetch_add(1, SeqCst);
            while self.broker.ignores.load(SeqCst) {
                pass(MOMENT).await;
            }
            if self.broker.postpones.load(SeqCst) {
                return Err(Interrupted { sent: 0, fault: BusFault::blocked("it is full") });
            }
            for (sent, payload) in payloads.into_iter().enumerate() {
                if self.broker.is_down.load(SeqCst) {
                    return Err(Interrupted { sent, fault: BusFault::down("it crashed") });
                }
                let number = number(&payload.bytes);
                if *self.broker.refuses.lock() == Some(number.sequence) {
                    return Err(Interrupted { sent, fault: BusFault::refused("too large") });
                }
                self.broker.sent.lock().push(number.sequence);
                self.broker.deliver(|| Delivery::Event(payload.bytes.clone(), None));
            }
            Ok(count)
        })
    }

    fn heartbeat(&self, payload: Vec<u8>) -> BoxFuture<'_, Result<(), BusFault>> {
        Box::pin(async move {
            drop(self.marking.lock().await);
            self.beat(&payload);
            Ok(())
        })
    }

    fn mark(&self, payload: Vec<u8>) -> BoxFuture<'_, Result<bool, BusFault>> {
        Box::pin(async move {
            while self.broker.holds_marks.load(SeqCst) {
                pass(MOMENT).await;
            }
            if self.broker.returns_no_marks.load(SeqCst) {
                return Ok(false);
            }
            if self.broker.marks_exclude_beats.load(SeqCst) {
                let _marking = self.marking.lock().await;
                pass(10 * MOMENT).await;
            }
            self.beat(&payload);
            Ok(true)
        })
    }

    fn marks_wait(&self) -> bool {
        self.broker.marks_wait.load(SeqCst)
    }

    fn blocked(&self) -> Option<BusFault> {
        self.broker.blocks.load(SeqCst).then(|| BusFault::blocked("it is short of memory"))
    }

    fn late(&self) -> Option<BusFault> {
        self.broker.may_be_late.load(SeqCst).then(|| BusFault::blocked("it is late"))
    }

    fn subscribe(&self) -> BoxFuture<'_, Result<Subscription, BusFault>> {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        self.broker.subscribers.lock().push(sender);
        let deliveries = stream::poll_fn(move |context| receiver.poll_recv(context)).map(Ok).boxed();
        let continues = self.broker.keeps.load(SeqCst);
        Box::pin(async move {
            self.broker.notices().await;
            Ok(Subscription { deliveries, continues })
        })
    }

    fn lost(&self) -> BoxFuture<'_, BusFault> {
        Box::pin(async move {
            self.ended.lock().await.recv().await;
            BusFault::down("it crashed")
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if self.broker.closes_slowly.load(SeqCst) {
                pass(Duration::from_millis(500)).await;
            }
        })
    }
}

fn number(payload: &[u8]) -> Number {
    match decode(payload) {
        Ok(Decoded::Event { number: Some(number), .. }) => number,
        other => panic!("not an event of this package: {other:?}"),
    }
}

/// Records its events.
#[derive(Default)]
pub(super) struct Ear {
    pub(super) events: Mutex<Vec<u64>>,
    pub(super) gaps: Mutex<Vec<(GapReason, u64)>>,
    pub(super) status: Mutex<Vec<bool>>,
    pub(super) blind: Mutex<Vec<bool>>,
    /// How often it was told that messages arrive.
    pub(super) listens: AtomicUsize,
}

impl Receive for Ear {
    fn receive(&self, received: &Arc<Received>) -> Handling {
        self.events.lock().push(number(&received.payload).sequence);
        Handling::Done
    }

    fn gap(&self, reason: GapReason, missed: u64) {
        self.gaps.lock().push((reason, missed));
    }

    fn listens(&self) {
        self.listens.fetch_add(1, SeqCst);
    }

    fn status(&self, _: &str, down: Option<&BusFault>) {
        self.status.lock().push(down.is_none());
    }

    fn blind(&self, is_blind: bool) {
        self.blind.lock().push(is_blind);
    }
}

#[derive(Default)]
pub(super) struct Owner {
    pub(super) dropped: AtomicUsize,
    pub(super) refused: AtomicUsize,
}

impl BusOwner for Owner {
    fn status(&self, _: Option<&BusFault>) {}

    fn dropped(&self, events: u64) {
        self.dropped.fetch_add(usize::try_from(events).unwrap_or(0), SeqCst);
    }

    fn refused(&self, _: &BusFault) {
        self.refused.fetch_add(1, SeqCst);
    }
}

pub(super) struct World {
    pub(super) broker: Arc<Broker>,
    pub(super) owner: Arc<Owner>,
    pub(super) bus: EventBus,
    pub(super) ear: Arc<Ear>,
}

/// A bus with a listener.
pub(super) async fn world(queue: QueueOptions) -> World {
    world_of(Broker::default(), queue).await
}

pub(super) async fn world_of(broker: Broker, queue: QueueOptions) -> World {
    let (broker, owner, ear) = (Arc::new(broker), Arc::<Owner>::default(), Arc::<Ear>::default());
    let line = Arc::new(Line(Arc::clone(&broker)));
    let bus = EventBus::new(Handle::current(), line, queue, Arc::clone(&owner) as _);
    bus.subscribe(Arc::clone(&ear) as _);
    bus.connect().await.expect("it is up");
    bus.subscribed().await;
    World { broker, owner, bus, ear }
}

pub(super) fn event() -> Packed {
    Packed::Msgpack(b"\x82\xa4type\xa3del\xa4keys\x91\xa1k".to_vec())
}

pub(super) async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

pub(super) const MOMENT: Duration = Duration::from_millis(1);
pub(super) const LONG: Duration = Duration::from_secs(10);
