//! Payloads of several events, as receivers get them, and whether values are sent in such.

use std::sync::Arc;

use futures_util::FutureExt;
use lazy_layers_engine::{
    bus::{
        Body, Message, SeenNumbers,
        wire::{self, Decoded, Packed, RawValue, encode},
    },
    observe::event::GapReason,
};
use parking_lot::Mutex;
use tokio::{
    sync::oneshot,
    time::{Duration, advance},
};

use super::world::{MOMENT, World, pass, world};
use crate::bus::{Acknowledge, BusFault, Delivery, Handling, QueueOptions, Receive, Received};

const HOUR: Duration = Duration::from_secs(3600);

fn message(key: &str) -> Message<RawValue> {
    let body = Body::Set { keys: vec![key.into()], value: RawValue::Msgpack(vec![0x01]), ttl: None };
    Message { seen: Some(SeenNumbers::default()), ..Message::new("peer", 1, Some(0), body) }
}

fn packed(message: &Message<RawValue>) -> Vec<u8> {
    let value = if let Body::Set { value, .. } = &message.body { Some(value) } else { None };
    let Packed::Msgpack(bytes) = encode(message, value, false) else { panic!("no JSON was asked for") };
    bytes
}

fn payload(events: &[Vec<u8>]) -> Vec<u8> {
    let events: Vec<_> = events.iter().map(Vec::as_slice).collect();
    let bytes =
        if let [one] = *events { one.to_vec() } else { wire::together(&events).expect("they can share") };
    [b"HC1M", &*bytes].concat()
}

/// Takes its time for each event; keeps the keys, and whether they were redelivered.
#[derive(Default)]
struct Slow {
    heard: Mutex<Vec<(String, bool)>>,
    outcomes: Mutex<Vec<oneshot::Sender<bool>>>,
}

impl Receive for Slow {
    fn receive(&self, received: &Arc<Received>) -> Handling {
        let Ok(Decoded::Event { message, .. }) = &received.decoded else { panic!("it is whole") };
        let Body::Set { keys, .. } = &message.body else { panic!("it is a value") };
        let key = String::from_utf8_lossy(keys[0].as_bytes()).into_owned();
        self.heard.lock().push((key, received.is_redelivered));
        let (sender, outcome) = oneshot::channel();
        self.outcomes.lock().push(sender);
        Handling::Later(Box::pin(async move { outcome.await.unwrap_or(false) }))
    }

    fn gap(&self, _: GapReason, _: u64) {}

    fn status(&self, _: &str, _: Option<&BusFault>) {}
}

/// Delivers a payload to a slow receiver. Its events are handled as told. Returns what the broker is told.
async fn acknowledged(well: [bool; 3]) -> Vec<bool> {
    let World { broker, bus, ear: _ear, .. } = world(QueueOptions::default()).await;
    let slow = Arc::<Slow>::default();
    bus.unsubscribe(crate::bus::SubscriptionId(0));
    bus.subscribe(Arc::clone(&slow) as _);
    let told = Arc::<Mutex<Vec<bool>>>::default();
    let shared = payload(&["a", "b", "c"].map(|key| packed(&message(key))));
    broker.deliver(|| {
        let told = Arc::clone(&told);
        let acknowledge: Acknowledge = Box::new(move |well| {
            told.lock().push(well);
            std::future::ready(()).boxed()
        });
        Delivery::Again(shared.clone(), acknowledge)
    });
    pass(MOMENT).await;
    assert_eq!(
        *slow.heard.lock(),
        ["a", "b", "c"].map(|key| (key.to_owned(), true)),
        "each is an event of its own"
    );
    let outcomes = std::mem::take(&mut *slow.outcomes.lock());
    for (outcome, well) in outcomes.into_iter().zip(well) {
        assert!(told.lock().is_empty(), "not all are handled");
        outcome.send(well).expect("it is waited for");
        pass(MOMENT).await;
    }
    told.lock().clone()
}

#[tokio::test(start_paused = true)]
async fn a_payload_is_acknowledged_once_and_as_soon_as_all_of_its_events_are_handled() {
    assert_eq!(acknowledged([true, true, true]).await, [true]);
    assert_eq!(acknowledged([true, false, true]).await, [false]);
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_may_wait_for_one_of_an_event_that_was_handled_elsewhere() {
    let World { broker, bus, ear: _ear, .. } = world(QueueOptions::default()).await;
    bus.unsubscribe(crate::bus::SubscriptionId(0));
    let slow = Arc::<Slow>::default();
    bus.subscribe(Arc::clone(&slow) as _);
    let (line, told) = (Arc::<tokio::sync::Mutex<()>>::default(), Arc::<Mutex<usize>>::default());
    // One acknowledgement at a time, and each takes its time.
    let acknowledge = || -> Acknowledge {
        let (line, told) = (Arc::clone(&line), Arc::clone(&told));
        Box::new(move |_| {
            Box::pin(async move {
                let _line = line.lock().await;
                pass(5 * MOMENT).await;
                *told.lock() += 1;
            })
        })
    };
    broker.deliver(|| Delivery::Event(payload(&[packed(&message("a"))]), Some(acknowledge())));
    pass(MOMENT).await;
    slow.outcomes.lock().pop().expect("it is handed on").send(true).expect("it is waited for");
    pass(MOMENT).await;
    broker.deliver(|| Delivery::Heartbeat(Vec::new(), Some(acknowledge())));
    pass(20 * MOMENT).await;
    assert_eq!(*told.lock(), 2);
}

#[tokio::test(start_paused = true)]
async fn for_an_hour_after_an_event_of_0_4_0_values_share_no_message() {
    let World { broker, bus, ear: _ear, .. } = world(QueueOptions::default()).await;
    bus.unsubscribe(crate::bus::SubscriptionId(0));
    bus.subscribe(Arc::<Slow>::default());
    let hears = async |event: Vec<u8>| {
        broker.deliver(|| Delivery::Event(payload(std::slice::from_ref(&event)), None));
        pass(MOMENT).await;
        bus.shared.receivers.older.are_near()
    };
    assert!(!bus.shared.receivers.older.are_near());
    assert!(!hears(packed(&message("of this version"))).await);
    assert!(hears(packed(&Message { seen: None, ..message("of 0.4.0") })).await);
    advance(HOUR / 2).await;
    assert!(hears(packed(&message("of this version"))).await);
    advance(HOUR / 2).await;
    assert!(!bus.shared.receivers.older.are_near());
}

#[test]
fn an_instance_of_0_4_0_is_known_by_its_events() {
    let is_near = |message: &Message<RawValue>, number: bool| {
        let older = super::super::older::Older::new(lazy_layers_engine::clock::Clock::new());
        let event = Packed::Msgpack(packed(message));
        let event = if number { wire::numbered(event, "run", 1) } else { event };
        let Packed::Msgpack(bytes) = event else { panic!("no JSON was asked for") };
        older.hear(&wire::decode(&payload(&[bytes])).expect("it is whole"));
        older.are_near()
    };
    let of = |body| Message::new("peer", 1, None, body);
    let [delete, pattern] = [of(Body::Delete(vec!["k".into()])), of(Body::Pattern("k*".into()))];
    assert!(is_near(&delete, false) && is_near(&pattern, false));
    assert!(!is_near(&delete, true) && !is_near(&pattern, true));
    let version = lazy_layers_engine::entry::version::Version::named("v");
    assert!(!is_near(&of(Body::Extend { keys: vec!["k".into()], version, ttl: None }), false));
}
