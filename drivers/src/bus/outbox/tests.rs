//! Which events wait, the order in which they leave, and which are dropped.

mod values;

use lazy_layers_engine::bus::wire::{Decoded, decode};

use super::*;
use crate::bus::together::payloads;

fn event() -> Packed {
    Packed::Msgpack(b"\x82\xa4type\xa3del\xa4keys\x91\xa1k".to_vec())
}

fn outbox(max_size: usize) -> Outbox {
    Outbox::new("run".to_owned(), QueueOptions { enabled: true, max_size })
}

fn waiter() -> (Option<oneshot::Sender<Sent>>, oneshot::Receiver<Sent>) {
    let (sender, receiver) = oneshot::channel();
    (Some(sender), receiver)
}

fn sequences(batch: &[Leaving]) -> Vec<u64> {
    batch.iter().map(|event| event.sequence).collect()
}

#[tokio::test]
async fn events_are_numbered_and_leave_in_order() {
    let outbox = outbox(10);
    let (first, mut outcome) = waiter();
    outbox.push(event(), true, first);
    outbox.push(event(), true, None);
    let batch = outbox.next(|| true).await;
    assert_eq!(sequences(&batch), [1, 2]);
    let (_, payload) = payloads("run", &batch).await.remove(1);
    assert_eq!(payload.id, "run-2");
    let Ok(Decoded::Event { number: Some(number), .. }) = decode(&payload.bytes) else { panic!("whole") };
    assert_eq!((number.publisher.as_str(), number.sequence), ("run", 2));
    assert_eq!(outbox.last_sent(), 0);
    outbox.sent(1);
    assert_eq!((outcome.try_recv(), outbox.last_sent()), (Ok(Ok(())), 1));
    outbox.sent(2);
    assert_eq!((outbox.counts(), outbox.last_sent()), ((0, 0), 2));
}

#[tokio::test]
async fn while_the_transport_is_up_no_more_waits_than_fits_but_for_what_is_being_sent() {
    let outbox = outbox(2);
    let (flying, mut flying_outcome) = waiter();
    outbox.push(event(), true, flying);
    assert_eq!(outbox.next(|| true).await.len(), 1);
    let (second, mut second_outcome) = waiter();
    let large = || Packed::Msgpack([&b"\x81\xa5value\xc6"[..], &[0; 30 << 20]].concat());
    assert_eq!(outbox.push(large(), false, second), 0);
    assert_eq!(outbox.push(large(), false, None), 0);
    assert_eq!(outbox.push(large(), false, None), 1, "a third is more than fits");
    assert_eq!(second_outcome.try_recv(), Ok(Err(BusFault::refused("the queue of the event bus is full"))));
    assert!(flying_outcome.try_recv().is_err(), "what is being sent stays");
    assert_eq!(outbox.counts(), (3, 1));
    outbox.sent(1);
    assert_eq!(flying_outcome.try_recv(), Ok(Ok(())));
}

#[tokio::test]
async fn what_only_carries_a_value_takes_no_number() {
    let outbox = outbox(10);
    outbox.push(event(), true, None);
    outbox.push(event(), false, None);
    outbox.push(event(), true, None);
    let mut numbers = Vec::new();
    for (_, payload) in payloads("run", &outbox.next(|| true).await).await {
        let Ok(Decoded::Event { number, .. }) = decode(&payload.bytes) else { panic!("whole") };
        numbers.push(number.map(|number| number.sequence));
    }
    assert_eq!(numbers, [Some(1), None, Some(2)]);
    outbox.sent(2);
    assert_eq!(outbox.last_sent(), 1);
    outbox.sent(3);
    assert_eq!(outbox.last_sent(), 2);
}

#[tokio::test]
async fn while_the_transport_is_down_the_oldest_make_room_and_publishers_hear_of_it() {
    let outbox = outbox(2);
    let (first, mut outcome) = waiter();
    outbox.push(event(), true, first);
    let fault = BusFault::down("gone");
    assert_eq!(outbox.down(&fault), 0);
    assert_eq!(outcome.try_recv(), Ok(Err(fault.clone())));
    let (second, mut outcome) = waiter();
    assert_eq!(outbox.push(event(), true, second), 0);
    assert_eq!(outcome.try_recv(), Ok(Err(fault)));
    assert_eq!(outbox.push(event(), true, None), 1);
    assert_eq!(outbox.counts(), (2, 1));
    outbox.up();
    let batch = outbox.next(|| true).await;
    assert_eq!(sequences(&batch), [2, 3]);
}

#[tokio::test]
async fn without_a_queue_events_are_lost_but_counted() {
    let outbox = Outbox::new("run".to_owned(), QueueOptions { enabled: false, max_size: 10 });
    outbox.push(event(), true, None);
    outbox.down(&BusFault::down("gone"));
    outbox.push(event(), true, None);
    assert_eq!(outbox.counts().0, 0);
    outbox.up();
    outbox.push(event(), true, None);
    assert_eq!(outbox.next(|| true).await[0].sequence, 3, "receivers notice that two are missing");
}

#[tokio::test]
async fn an_event_that_is_refused_is_found_and_given_up() {
    let outbox = outbox(10);
    let (second, mut outcome) = waiter();
    outbox.push(event(), true, None);
    outbox.push(event(), true, second);
    let fault = BusFault::refused("too large");
    assert!(!outbox.refused(&[1, 2], &fault));
    assert_eq!(outbox.next(|| true).await.len(), 1);
    outbox.sent(1);
    assert!(outbox.refused(&[2], &fault));
    assert_eq!(outcome.try_recv(), Ok(Err(fault)));
    assert_eq!(outbox.counts(), (0, 1));
}

#[tokio::test]
async fn a_large_event_that_ends_every_connection_is_given_up() {
    let outbox = outbox(10);
    let large = || Packed::Msgpack(vec![0; LARGE]);
    for event in [event(), large(), event(), large()] {
        outbox.push(event, true, None);
    }
    let fault = BusFault::down("gone");
    assert_eq!(outbox.next(|| true).await.len(), 4);
    assert_eq!(outbox.lost(&fault), None);
    assert_eq!(outbox.lost(&fault), None, "nothing was being sent");
    assert_eq!(outbox.next(|| true).await.len(), 1, "what comes before it");
    outbox.sent(1);
    for _ in 1..LOSSES {
        assert_eq!(outbox.next(|| true).await.len(), 1);
        assert_eq!(outbox.lost(&fault), None);
    }
    assert_eq!(outbox.next(|| true).await.len(), 1);
    assert!(outbox.lost(&fault).is_some_and(|fault| fault.message.ends_with("bytes: gone")));
    assert_eq!(outbox.counts(), (2, 1));
    outbox.next(|| true).await;
    outbox.sent(3);
    outbox.next(|| true).await;
    outbox.sent(4);
    assert_eq!(outbox.counts(), (0, 1), "the other one was taken");
}

#[test]
fn an_event_beyond_all_bounds_is_refused_at_once() {
    let outbox = outbox(10);
    let (waiter, mut outcome) = waiter();
    outbox.push(Packed::Msgpack(vec![0; EVENT_BYTES + 1]), true, waiter);
    assert!(
        outcome.try_recv().is_ok_and(|sent| sent.is_err_and(|fault| fault.message.contains("too large")))
    );
    assert_eq!(outbox.counts().0, 0);
}
