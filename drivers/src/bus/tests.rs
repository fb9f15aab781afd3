//! A bus on a transport that tests break; tokio's clock is paused.

mod blocked;
mod heartbeats;
mod shared;
mod sight;
mod world;

use std::sync::{Arc, atomic::Ordering::SeqCst};

use lazy_layers_engine::{clock::Clock, observe::event::GapReason};
use parking_lot::Mutex;
use tokio::{
    runtime::Handle,
    time::{Duration, timeout},
};
use world::{Broker, Ear, LONG, Line, MOMENT, Owner, World, event, pass, world, world_of};

use super::{BusFault, EventBus, Handling, QueueOptions, Receive, Received};

/// No publisher waits much longer than this.
const LIMIT: Duration = Duration::from_secs(2);

#[tokio::test(start_paused = true)]
async fn events_that_wait_leave_in_order_once_the_broker_is_back() {
    let World { broker, bus, ear, .. } = world(QueueOptions::default()).await;
    bus.publish(event(), true).await.expect("it is up");
    broker.crash();
    pass(MOMENT).await;
    for _ in 0..3 {
        let fault = bus.publish(event(), true).await.expect_err("it is down");
        assert!(["it crashed", "nobody there"].contains(&fault.message.as_str()), "{fault}");
    }
    bus.postpone(event(), true);
    pass(LONG).await;
    assert_eq!((broker.sent(), bus.connects()), (vec![1], 1));
    broker.come_back();
    pass(LONG).await;
    assert_eq!((broker.sent(), bus.connects()), (vec![1, 2, 3, 4, 5], 2));
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

/// How long publishing took. Asserts that the publisher was told that the event waits.
async fn publish_time(bus: &EventBus) -> Duration {
    let clock = Clock::new();
    let start = clock.now();
    let sent = timeout(LONG, bus.publish(event(), true)).await.expect("it is told in time");
    let fault = sent.expect_err("nothing can be sent");
    assert!(fault.message.contains("still connecting"), "{fault}");
    clock.now().since(start)
}

#[tokio::test(start_paused = true)]
async fn who_publishes_while_connecting_takes_long_is_told_that_the_event_waits() {
    let broker = Arc::<Broker>::default();
    broker.hangs.store(true, SeqCst);
    let line = Arc::new(Line(Arc::clone(&broker)));
    let bus = EventBus::new(Handle::current(), line, QueueOptions::default(), Arc::<Owner>::default());
    assert!(publish_time(&bus).await < 2 * LIMIT);
    broker.hangs.store(false, SeqCst);
    pass(LONG).await;
    broker.hangs.store(true, SeqCst);
    bus.subscribe(Arc::<Ear>::default());
    pass(MOMENT).await;
    assert!(publish_time(&bus).await < 2 * LIMIT, "as it subscribes");
    broker.hangs.store(false, SeqCst);
    pass(LONG).await;
    bus.publish(event(), true).await.expect("it is up");
    assert_eq!((broker.sent(), bus.connects()), (vec![1, 2, 3], 1));
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
    let outcomes = futures_util::future::join_all(sent).await;
    assert_eq!(outcomes.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!((broker.sent(), owner.refused.load(SeqCst)), (vec![1, 3], 1));
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
async fn one_that_is_connected_while_it_disconnects_uses_a_session_after_the_other() {
    let World { broker, bus, .. } = world(QueueOptions::default()).await;
    broker.closes_slowly.store(true, SeqCst);
    let first = bus.publish(event(), true);
    let disconnected = bus.disconnect();
    let connected = bus.connect();
    let second = bus.publish(event(), true);
    drop(first.await);
    drop(second.await);
    connected.await.expect("it is up");
    disconnected.await;
    bus.publish(event(), true).await.expect("it is up");
    pass(LONG).await;
    assert_eq!((broker.sent(), bus.connects()), (vec![1, 2, 3], 2));
    assert_eq!(bus.health(LONG).await.fault, None);
}

#[tokio::test(start_paused = true)]
async fn who_listened_before_a_disconnect_may_have_missed_something_when_it_is_connected_again() {
    let World { bus, ear, broker, .. } = world(QueueOptions::default()).await;
    bus.disconnect().await;
    assert_eq!(*ear.gaps.lock(), []);
    bus.connect().await.expect("it is up");
    pass(LONG).await;
    assert_eq!(*ear.gaps.lock(), [(GapReason::Resubscribed, 0)]);
    broker.keeps.store(true, SeqCst);
    bus.disconnect().await;
    bus.connect().await.expect("it is up");
    pass(LONG).await;
    assert_eq!(ear.gaps.lock().len(), 1, "the broker has kept what was sent");
}

#[tokio::test(start_paused = true)]
async fn who_listened_before_a_bus_gave_up_may_have_missed_something_when_it_is_connected_again() {
    let World { bus, ear, broker, .. } = world_of(Broker::patient_for(0), QueueOptions::default()).await;
    broker.crash();
    pass(LONG).await;
    broker.come_back();
    pass(LONG).await;
    assert_eq!(bus.connects(), 1, "it has given up");
    assert_eq!(bus.health(LONG).await.fault, None);
    pass(LONG).await;
    assert_eq!(*ear.gaps.lock(), [(GapReason::Resubscribed, 0)]);
}

#[tokio::test(start_paused = true)]
async fn who_comes_while_the_bus_is_disconnected_hears_nothing_until_it_is_connected() {
    let World { bus, .. } = world(QueueOptions::default()).await;
    bus.disconnect().await;
    let late = Arc::<Ear>::default();
    bus.subscribe(Arc::clone(&late) as _);
    pass(LONG).await;
    assert_eq!(late.listens.load(SeqCst), 0);
    bus.connect().await.expect("it is up");
    pass(LONG).await;
    assert_eq!(late.listens.load(SeqCst), 1);
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

/// Asks for the health of the bus at the moment in which it is told that the bus is up.
struct Asks {
    bus: std::sync::Weak<EventBus>,
    answers: Mutex<Vec<bool>>,
}

impl Receive for Asks {
    fn receive(&self, _: &Arc<Received>) -> Handling {
        Handling::Done
    }

    fn gap(&self, _: GapReason, _: u64) {}

    fn status(&self, _: &str, down: Option<&BusFault>) {
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

/// Panics at its first event.
#[derive(Default)]
struct Panics(Mutex<usize>);

impl Receive for Panics {
    fn receive(&self, _: &Arc<Received>) -> Handling {
        let mut heard = self.0.lock();
        *heard += 1;
        assert!(*heard > 1, "the test has it panic");
        Handling::Done
    }

    fn gap(&self, _: GapReason, _: u64) {}

    fn status(&self, _: &str, _: Option<&BusFault>) {}
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_panics_costs_one_session() {
    let World { bus, ear, .. } = world(QueueOptions::default()).await;
    let panics = Arc::<Panics>::default();
    bus.subscribe(Arc::clone(&panics) as _);
    drop(bus.publish(event(), true).await);
    pass(LONG).await;
    bus.publish(event(), true).await.expect("it is up again");
    pass(MOMENT).await;
    assert_eq!((bus.connects(), *panics.0.lock()), (2, 2));
    assert_eq!(*ear.gaps.lock(), [(GapReason::Resubscribed, 0)]);
}
