//! A broker that takes no events for now, over a session that goes on.

use std::sync::atomic::Ordering::SeqCst;

use lazy_layers_engine::{
    bus::wire::{Packed, numbered},
    clock::Clock,
    codec::Encoding,
};

use super::{
    LIMIT,
    world::{LONG, MOMENT, World, event, pass, world},
};
use crate::bus::{BusFaultKind, Delivery, EventBus, QueueOptions};

async fn is_told_that_it_is_blocked(bus: &EventBus) {
    let clock = Clock::new();
    let start = clock.now();
    let fault = bus.publish(event(), true).await.expect_err("it is not taken");
    assert_eq!(fault.kind, BusFaultKind::Blocked, "{fault}");
    assert!(clock.now().since(start) < 2 * LIMIT);
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_blocks_keeps_its_session_and_gets_what_waits_afterwards() {
    let World { broker, bus, ear, .. } = world(QueueOptions::default()).await;
    bus.publish(event(), true).await.expect("it is up");
    broker.blocks.store(true, SeqCst);
    is_told_that_it_is_blocked(&bus).await;
    pass(LONG).await;
    is_told_that_it_is_blocked(&bus).await;
    let health = bus.health(LONG).await;
    assert!(health.fault.is_some_and(|fault| fault.message == "it is short of memory"));
    assert_eq!((health.connected, health.subscribed, health.queued), (true, true, 2));
    broker.blocks.store(false, SeqCst);
    pass(LONG).await;
    assert_eq!((broker.sent(), bus.connects()), (vec![1, 2, 3], 1));
    assert_eq!((ear.gaps.lock().len(), ear.status.lock().clone()), (0, vec![true]));
    assert_eq!(bus.health(LONG).await.fault, None);
}

#[tokio::test(start_paused = true)]
async fn one_that_blocks_while_nothing_waits_is_told_and_nobody_hears_of_it_afterwards() {
    let World { broker, bus, .. } = world(QueueOptions::default()).await;
    bus.publish(event(), true).await.expect("it is up");
    broker.blocks.store(true, SeqCst);
    pass(LONG).await;
    assert!(bus.health(LONG).await.fault.is_some());
    let beats = broker.beats.lock().len();
    pass(LONG).await;
    assert_eq!(broker.beats.lock().len(), beats, "it is sent no heartbeats");
    broker.blocks.store(false, SeqCst);
    pass(LONG).await;
    bus.publish(event(), true).await.expect("it is taken at once");
}

#[tokio::test(start_paused = true)]
async fn while_it_blocks_what_it_sends_arrives() {
    let World { broker, bus: _bus, ear, .. } = world(QueueOptions::default()).await;
    broker.blocks.store(true, SeqCst);
    pass(LONG).await;
    let Packed::Msgpack(bytes) = numbered(event(), "other", 7) else { panic!("not JSON") };
    let payload = [Encoding::Msgpack.prefix(), &bytes].concat();
    broker.deliver(|| Delivery::Event(payload.clone(), None));
    pass(MOMENT).await;
    assert_eq!(*ear.events.lock(), [7]);
}

#[tokio::test(start_paused = true)]
async fn the_sight_of_receivers_does_not_wait_for_its_end() {
    let World { broker, bus, ear, .. } = world(QueueOptions::default()).await;
    broker.blocks.store(true, SeqCst);
    bus.shared.receivers.blind();
    pass(LONG).await;
    assert_eq!((ear.blind.lock().clone(), bus.connects()), (vec![true, false], 1));
}

#[tokio::test(start_paused = true)]
async fn a_bus_disconnects_without_waiting_for_its_end() {
    let World { broker, bus, .. } = world(QueueOptions::default()).await;
    broker.blocks.store(true, SeqCst);
    is_told_that_it_is_blocked(&bus).await;
    let clock = Clock::new();
    let start = clock.now();
    bus.disconnect().await;
    assert!(clock.now().since(start) < LIMIT);
    assert!(broker.sent().is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_that_refuses_each_event_for_now_is_asked_more_and_more_rarely() {
    let World { broker, bus, ear, .. } = world(QueueOptions::default()).await;
    bus.publish(event(), true).await.expect("it is up");
    broker.postpones.store(true, SeqCst);
    is_told_that_it_is_blocked(&bus).await;
    let beats = broker.beats.lock().len();
    pass(6 * LONG).await;
    let tries = broker.tries.load(SeqCst);
    assert!((20..=40).contains(&tries), "{tries} in a minute");
    assert_eq!(broker.beats.lock().len(), beats, "for the others it counts as cut off");
    broker.postpones.store(false, SeqCst);
    pass(LONG).await;
    assert_eq!((broker.sent(), bus.connects()), (vec![1, 2], 1));
    assert_eq!(bus.health(LONG).await.fault, None);
    assert_eq!(*ear.gaps.lock(), []);
    assert!(broker.beats.lock().len() > beats);
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_confirm_in_time_costs_the_session_unless_that_says_otherwise() {
    let World { broker, bus, .. } = world(QueueOptions::default()).await;
    broker.ignores.store(true, SeqCst);
    broker.may_be_late.store(true, SeqCst);
    is_told_that_it_is_blocked(&bus).await;
    pass(LONG).await;
    assert_eq!(bus.connects(), 1);
    broker.may_be_late.store(false, SeqCst);
    pass(LONG).await;
    assert!(bus.connects() > 1);
    broker.ignores.store(false, SeqCst);
    pass(LONG).await;
    assert_eq!(broker.sent(), [1]);
}
