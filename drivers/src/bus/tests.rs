//! A bus on a transport that tests hurt as they like; tokio's clock is paused.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};

use futures_util::{StreamExt, stream};
use lazy_layers_engine::{
    bus::wire::{Decoded, Number, Packed, decode, heartbeat},
    observe::event::GapReason,
    value::BoxFuture,
};
use parking_lot::Mutex;
use tokio::{runtime::Handle, sync::mpsc, time::Duration};

use super::{
    BusFault, Delivery, EventBus, Handling, Interrupted, Payload, QueueOptions, Receive, Received, Session,
    Subscription, Told, Transport,
};

/// A broker that hands on what it is sent, while it is up.
#[derive(Default)]
struct Broker {
    is_down: AtomicBool,
    refuses: Mutex<Option<u64>>,
    sent: Mutex<Vec<u64>>,
    beats: AtomicUsize,
    subscribers: Mutex<Vec<mpsc::UnboundedSender<Delivery>>>,
    ends: Mutex<Vec<mpsc::UnboundedSender<()>>>,
    keeps: AtomicBool,
}

impl Broker {
    /// Ends all sessions; there are no others until it is up again.
    fn crash(&self) {
        self.is_down.store(true, SeqCst);
        self.subscribers.lock().clear();
        self.ends.lock().clear();
    }

    fn come_back(&self) {
        self.is_down.store(false, SeqCst);
    }

    fn deliver(&self, delivery: impl Fn() -> Delivery) {
        for subscriber in &*self.subscribers.lock() {
            drop(subscriber.send(delivery()));
        }
    }

    fn sent(&self) -> Vec<u64> {
        self.sent.lock().clone()
    }
}

struct Line(Arc<Broker>);

impl Transport for Line {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, BusFault>> {
        Box::pin(async move {
            if self.0.is_down.load(SeqCst) {
                return Err(BusFault::down("nobody there"));
            }
            let (end, ended) = mpsc::unbounded_channel();
            self.0.ends.lock().push(end);
            Ok(Box::new(FakeSession(Arc::clone(&self.0), tokio::sync::Mutex::new(ended))) as Box<dyn Session>)
        })
    }
}

struct FakeSession(Arc<Broker>, tokio::sync::Mutex<mpsc::UnboundedReceiver<()>>);

impl Session for FakeSession {
    fn publish(&self, payloads: Vec<Payload>) -> BoxFuture<'_, Result<(), Interrupted>> {
        Box::pin(async move {
            for (sent, payload) in payloads.into_iter().enumerate() {
                if self.0.is_down.load(SeqCst) {
                    return Err(Interrupted { sent, fault: BusFault::down("it crashed") });
                }
                let number = number(&payload.bytes);
                if *self.0.refuses.lock() == Some(number.sequence) {
                    return Err(Interrupted { sent, fault: BusFault::refused("too large") });
                }
                self.0.sent.lock().push(number.sequence);
                self.0.deliver(|| Delivery::Event(payload.bytes.clone(), None));
            }
            Ok(())
        })
    }

    fn heartbeat(&self, payload: Vec<u8>) -> BoxFuture<'_, Result<(), BusFault>> {
        self.0.beats.fetch_add(1, SeqCst);
        self.0.deliver(|| Delivery::Heartbeat(payload.clone(), None));
        Box::pin(std::future::ready(Ok(())))
    }

    fn subscribe(&self) -> BoxFuture<'_, Result<Subscription, BusFault>> {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        self.0.subscribers.lock().push(sender);
        let deliveries = stream::poll_fn(move |context| receiver.poll_recv(context)).map(Ok).boxed();
        let continues = self.0.keeps.load(SeqCst);
        Box::pin(std::future::ready(Ok(Subscription { deliveries, continues })))
    }

    fn lost(&self) -> BoxFuture<'_, BusFault> {
        Box::pin(async move {
            self.1.lock().await.recv().await;
            BusFault::down("it crashed")
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

fn number(payload: &[u8]) -> Number {
    match decode(payload) {
        Ok(Decoded::Event { number: Some(number), .. }) => number,
        other => panic!("not an event of ours: {other:?}"),
    }
}

/// Writes down what it hears.
#[derive(Default)]
struct Ear {
    events: Mutex<Vec<u64>>,
    gaps: Mutex<Vec<(GapReason, u64)>>,
    status: Mutex<Vec<bool>>,
}

impl Receive for Ear {
    fn receive(&self, received: &Arc<Received>) -> Handling {
        self.events.lock().push(number(&received.payload).sequence);
        Handling::Done
    }

    fn gap(&self, reason: GapReason, missed: u64) {
        self.gaps.lock().push((reason, missed));
    }

    fn status(&self, _: &'static str, down: Option<&BusFault>) {
        self.status.lock().push(down.is_none());
    }
}

#[derive(Default)]
struct Owner {
    dropped: AtomicUsize,
    refused: AtomicUsize,
}

impl Told for Owner {
    fn status(&self, _: Option<&BusFault>) {}

    fn dropped(&self, events: u64) {
        self.dropped.fetch_add(usize::try_from(events).unwrap_or(0), SeqCst);
    }

    fn refused(&self, _: &BusFault) {
        self.refused.fetch_add(1, SeqCst);
    }
}

struct World {
    broker: Arc<Broker>,
    owner: Arc<Owner>,
    bus: EventBus,
    ear: Arc<Ear>,
}

/// A bus with somebody who listens to it.
async fn world(queue: QueueOptions) -> World {
    let (broker, owner, ear) = (Arc::<Broker>::default(), Arc::<Owner>::default(), Arc::<Ear>::default());
    let line = Arc::new(Line(Arc::clone(&broker)));
    let bus = EventBus::new(Handle::current(), line, queue, Arc::clone(&owner) as _);
    bus.subscribe(Arc::clone(&ear) as _);
    bus.connect().await.expect("it is up");
    bus.subscribed().await;
    World { broker, owner, bus, ear }
}

fn event() -> Packed {
    Packed::Msgpack(b"\x82\xa4type\xa3del\xa4keys\x91\xa1k".to_vec())
}

async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

const MOMENT: Duration = Duration::from_millis(1);
const LONG: Duration = Duration::from_secs(10);

#[tokio::test(start_paused = true)]
async fn events_that_wait_leave_in_order_once_the_broker_is_back() {
    let World { broker, bus, ear, .. } = world(QueueOptions::default()).await;
    bus.publish(event(), true).await.expect("it is up");
    broker.crash();
    pass(MOMENT).await;
    for _ in 0..3 {
        let told = bus.publish(event(), true).await.expect_err("it is down");
        assert!(["it crashed", "nobody there"].contains(&told.message.as_str()), "{told}");
    }
    bus.postpone(event(), true);
    pass(LONG).await;
    assert_eq!((broker.sent(), bus.returns()), (vec![1], 1));
    broker.come_back();
    pass(LONG).await;
    assert_eq!((broker.sent(), bus.returns()), (vec![1, 2, 3, 4, 5], 2));
    assert_eq!(*ear.events.lock(), [1, 2, 3, 4, 5]);
    assert_eq!(*ear.gaps.lock(), [(GapReason::Resubscribed, 0)]);
    assert_eq!(*ear.status.lock(), [true, false, true]);
}

#[tokio::test(start_paused = true)]
async fn who_listens_before_the_broker_is_there_may_have_missed_something() {
    let (broker, ear) = (Arc::<Broker>::default(), Arc::<Ear>::default());
    broker.is_down.store(true, SeqCst);
    let line = Arc::new(Line(Arc::clone(&broker)));
    let bus = EventBus::new(Handle::current(), line, QueueOptions::default(), Arc::<Owner>::default());
    assert!(bus.connect().await.is_err());
    bus.subscribe(Arc::clone(&ear) as _);
    assert_eq!(*ear.status.lock(), [false], "it is told how things are");
    pass(LONG).await;
    broker.come_back();
    pass(LONG).await;
    assert_eq!(*ear.gaps.lock(), [(GapReason::Resubscribed, 0)]);
    assert_eq!(*ear.status.lock(), [false, true]);
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_keeps_what_was_sent_leaves_no_gap() {
    let World { broker, ear, bus: _bus, .. } = world(QueueOptions::default()).await;
    broker.keeps.store(true, SeqCst);
    broker.crash();
    pass(MOMENT).await;
    broker.come_back();
    pass(LONG).await;
    assert_eq!(*ear.gaps.lock(), []);
}

#[tokio::test(start_paused = true)]
async fn what_made_room_is_a_gap_for_receivers() {
    let World { broker, owner, bus, ear } = world(QueueOptions { enabled: true, max_size: 2 }).await;
    bus.publish(event(), true).await.expect("it is up");
    broker.crash();
    pass(MOMENT).await;
    for _ in 0..5 {
        bus.postpone(event(), true);
    }
    assert_eq!(owner.dropped.load(SeqCst), 3);
    broker.keeps.store(true, SeqCst);
    broker.come_back();
    pass(LONG).await;
    assert_eq!(broker.sent(), [1, 5, 6]);
    assert_eq!(*ear.gaps.lock(), [(GapReason::Sequence, 3)]);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_refused_does_not_hold_up_the_others() {
    let World { broker, owner, bus, .. } = world(QueueOptions::default()).await;
    *broker.refuses.lock() = Some(2);
    let sent = [bus.publish(event(), true), bus.publish(event(), true), bus.publish(event(), true)];
    let told = futures_util::future::join_all(sent).await;
    assert_eq!(told.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!((broker.sent(), owner.refused.load(SeqCst)), (vec![1, 3], 1));
}

#[tokio::test(start_paused = true)]
async fn heartbeats_tell_of_the_last_event_that_was_missed() {
    let World { broker, ear, bus: _bus, .. } = world(QueueOptions::default()).await;
    let beat = |last| Delivery::Heartbeat(heartbeat("other", last), None);
    broker.deliver(|| beat(7));
    pass(MOMENT).await;
    assert_eq!(*ear.gaps.lock(), []);
    broker.deliver(|| beat(8));
    broker.deliver(|| beat(8));
    pass(MOMENT).await;
    assert_eq!(*ear.gaps.lock(), [(GapReason::Sequence, 1)]);
}

#[tokio::test(start_paused = true)]
async fn heartbeats_come_after_events_and_then_rarely() {
    let World { broker, bus, .. } = world(QueueOptions::default()).await;
    pass(LONG).await;
    assert_eq!(broker.beats.load(SeqCst), 0, "who has sent nothing has nothing to tell");
    bus.publish(event(), true).await.expect("it is up");
    pass(Duration::from_millis(9500)).await;
    assert_eq!(broker.beats.load(SeqCst), 9);
    pass(Duration::from_secs(100)).await;
    assert!((17..=21).contains(&broker.beats.load(SeqCst)), "{:?}", broker.beats);
}

#[tokio::test(start_paused = true)]
async fn closing_sends_what_waits_and_connects_only_when_it_is_told_to() {
    let World { broker, bus, .. } = world(QueueOptions::default()).await;
    let sent = bus.publish(event(), true);
    bus.disconnect().await;
    drop(sent.await);
    assert_eq!(broker.sent(), [1]);
    assert!(bus.publish(event(), true).await.is_err());
    bus.connect().await.expect("it is up");
    bus.publish(event(), true).await.expect("it is up");
    assert_eq!(broker.sent(), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_question_about_health_connects() {
    let World { broker, bus, .. } = world(QueueOptions::default()).await;
    bus.disconnect().await;
    assert_eq!(bus.health(LONG).await.fault, None);
    broker.crash();
    pass(MOMENT).await;
    let health = bus.health(LONG).await;
    assert!(health.fault.is_some() && !health.subscribed);
}

/// Asks how the bus is in the moment in which it is told that it is up.
struct Asks {
    bus: std::sync::Weak<EventBus>,
    answers: Mutex<Vec<bool>>,
}

impl Receive for Asks {
    fn receive(&self, _: &Arc<Received>) -> Handling {
        Handling::Done
    }

    fn gap(&self, _: GapReason, _: u64) {}

    fn status(&self, _: &'static str, down: Option<&BusFault>) {
        if let Some(bus) = self.bus.upgrade().filter(|_| down.is_none()) {
            let is_up = futures_util::FutureExt::now_or_never(bus.connect());
            self.answers.lock().push(is_up.is_some_and(|up| up.is_ok()));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_told_that_the_bus_is_up_finds_it_up() {
    let World { broker, bus, .. } = world(QueueOptions::default()).await;
    let bus = Arc::new(bus);
    broker.crash();
    pass(MOMENT).await;
    let asks = Arc::new(Asks { bus: Arc::downgrade(&bus), answers: Mutex::default() });
    bus.subscribe(Arc::clone(&asks) as _);
    broker.come_back();
    pass(LONG).await;
    assert_eq!(*asks.answers.lock(), [true]);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_comes_while_the_bus_is_down_is_told_so_and_then_that_it_is_up() {
    let World { broker, bus, .. } = world(QueueOptions::default()).await;
    broker.crash();
    pass(MOMENT).await;
    let late = Arc::<Ear>::default();
    bus.subscribe(Arc::clone(&late) as _);
    broker.come_back();
    pass(LONG).await;
    let later = Arc::<Ear>::default();
    bus.subscribe(Arc::clone(&later) as _);
    pass(MOMENT).await;
    assert_eq!((late.status.lock().clone(), later.status.lock().clone()), (vec![false, true], vec![]));
}
