//! Loaded values that share messages.

use futures_util::FutureExt;
use lazy_layers_engine::{
    bus::{
        Body, Message as BusMessage,
        wire::{Decoded, RawValue, apart, decode, encode},
    },
    codec::GZIP_MIN_BYTES,
};

use super::{event, outbox, waiter};
use crate::bus::{
    BusFault, Payload, has_held, hold,
    outbox::{Outbox, Packed, QueueOptions},
    together::payloads,
    wake_held,
};

/// A value of that many bytes.
fn value(key: &str, bytes: usize) -> Packed {
    let value = RawValue::Msgpack(
        [&[0xc6][..], &u32::try_from(bytes).expect("small").to_be_bytes(), &vec![0; bytes]].concat(),
    );
    let body = Body::Set { keys: vec![key.into()], value: value.clone(), ttl: None };
    encode(&BusMessage::new("instance", 1, Some(0), body), Some(&value), false)
}

fn push(outbox: &Outbox, keys: &[&str]) {
    push_of(outbox, 10, keys);
}

fn push_of(outbox: &Outbox, bytes: usize, keys: &[&str]) {
    for key in keys {
        outbox.push_value(value(key, bytes), usize::MAX, None);
    }
}

/// The keys of the events in a payload.
fn keys(payload: &Payload) -> String {
    let keys = apart(payload.bytes.clone()).into_iter().map(|event| match decode(&event) {
        Ok(Decoded::Event { message, .. }) => match message.body {
            Body::Set { keys, .. } | Body::Delete(keys) => {
                String::from_utf8_lossy(keys[0].as_bytes()).into_owned()
            }
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    });
    keys.collect()
}

/// The messages of the next batch by their keys, and the place of the last event in each.
async fn next(outbox: &Outbox, may_share: bool) -> (Vec<String>, Vec<u64>) {
    let batch = outbox.next(|| may_share).await;
    let payloads = payloads("run", &batch).await;
    (
        payloads.iter().map(|(_, payload)| keys(payload)).collect(),
        payloads.iter().map(|(last, _)| *last).collect(),
    )
}

#[tokio::test]
async fn neighbours_share_and_stay_in_order_with_other_events() {
    let outbox = outbox(10);
    push(&outbox, &["a", "b"]);
    outbox.push(event(), true, None);
    push(&outbox, &["c"]);
    outbox.push(value("d", 10), false, None);
    push(&outbox, &["e", "f", "g"]);
    let (messages, ends) = next(&outbox, true).await;
    // What a user publishes goes alone.
    assert_eq!(messages, ["ab", "k", "c", "d", "efg"]);
    assert_eq!(ends, [2, 3, 4, 5, 8]);
    let batch = outbox.next(|| true).await;
    let ids: Vec<_> = payloads("run", &batch).await.into_iter().map(|(_, payload)| payload.id).collect();
    assert_eq!(ids, ["run-1-2", "run-3", "run-4", "run-5", "run-6-8"]);
}

#[tokio::test]
async fn each_value_has_an_outcome_of_its_own() {
    let outbox = outbox(10);
    let (first, mut first_outcome) = waiter();
    let (last, mut last_outcome) = waiter();
    outbox.push_value(value("a", 10), usize::MAX, first);
    push(&outbox, &["b"]);
    outbox.push_value(value("c", 10), usize::MAX, last);
    assert_eq!(next(&outbox, true).await.0, ["abc"]);
    assert!(first_outcome.try_recv().is_err());
    outbox.sent(3);
    assert_eq!((first_outcome.try_recv(), last_outcome.try_recv()), (Ok(Ok(())), Ok(Ok(()))));
    assert_eq!(outbox.counts(), (0, 0));
}

#[tokio::test]
async fn a_message_has_no_more_values_and_bytes_than_its_bounds_allow() {
    let outbox = outbox(10);
    for _ in 0..250 {
        push(&outbox, &["a"]);
    }
    let (messages, _) = next(&outbox, true).await;
    assert_eq!(messages.iter().map(String::len).collect::<Vec<_>>(), [100, 100, 50]);
    outbox.sent(250);
    for _ in 0..10 {
        outbox.push_value(value("a", 20_000), usize::MAX, None);
    }
    let batch = outbox.next(|| true).await;
    let sizes: Vec<_> =
        payloads("run", &batch).await.iter().map(|(_, payload)| payload.bytes.len()).collect();
    assert!(sizes.len() == 4 && sizes.iter().all(|bytes| *bytes < GZIP_MIN_BYTES), "{sizes:?}");
    outbox.sent(260);
    let alone = value("a", 10).len();
    for most in [4 * alone, 4 * alone, 2 * alone, 1, 4 * alone] {
        outbox.push_value(value("a", 10), most, None);
    }
    let batch = outbox.next(|| true).await;
    let sent = payloads("run", &batch).await;
    assert_eq!(
        sent.iter().map(|(last, _)| *last).collect::<Vec<_>>(),
        [262, 263, 264, 265],
        "the smallest bound counts"
    );
    assert!(sent[0].1.bytes.len() <= 4 * alone);
}

#[tokio::test]
async fn a_large_value_goes_alone_and_is_compressed() {
    let outbox = outbox(10);
    push(&outbox, &["a"]);
    outbox.push_value(value("b", GZIP_MIN_BYTES), usize::MAX, None);
    push(&outbox, &["c"]);
    let batch = outbox.next(|| true).await;
    let heads: Vec<_> =
        payloads("run", &batch).await.iter().map(|(_, payload)| payload.bytes[..4].to_vec()).collect();
    assert_eq!(heads, [b"HC1M", b"HC1G", b"HC1M"]);
}

#[tokio::test]
async fn values_go_one_by_one_where_they_may_not_or_cannot_share() {
    let outbox = outbox(10);
    push(&outbox, &["a", "b"]);
    assert_eq!(next(&outbox, false).await.0, ["a", "b"]);
    outbox.sent(2);
    let json = || Packed::Json(br#"{"type":"set","source":"i","keys":["j"],"value":1}"#.to_vec());
    for _ in 0..2 {
        outbox.push_value(json(), usize::MAX, None);
    }
    assert_eq!(next(&outbox, true).await, (vec!["j".to_owned(), "j".to_owned()], vec![3, 4]));
}

#[tokio::test]
async fn a_batch_that_is_given_again_begins_with_the_same_messages() {
    let outbox = outbox(10);
    push(&outbox, &["a", "b"]);
    assert_eq!(next(&outbox, true).await.0, ["ab"]);
    push(&outbox, &["c", "d"]);
    assert_eq!(next(&outbox, true).await.0, ["ab", "cd"], "the first one may have been sent");
    outbox.sent(2);
    assert_eq!(next(&outbox, false).await.0, ["cd"]);
}

#[tokio::test]
async fn a_message_that_is_refused_is_sent_value_by_value_and_later_ones_are_smaller() {
    let outbox = outbox(100);
    let (refused, mut outcome) = waiter();
    push_of(&outbox, 2000, &["a"]);
    outbox.push_value(value("b", 2000), usize::MAX, refused);
    push_of(&outbox, 2000, &["c", "d", "e", "f"]);
    let fault = BusFault::refused("too large");
    assert_eq!(next(&outbox, true).await.0, ["abcdef"]);
    assert!(!outbox.refused(&[1, 2, 3, 4, 5, 6], &fault), "any of them may be the reason");
    assert_eq!(next(&outbox, true).await.0, ["a", "b", "c", "d", "e", "f"]);
    outbox.sent(1);
    assert!(!outbox.refused(&[2, 3, 4, 5, 6], &fault));
    assert_eq!(next(&outbox, true).await.0, ["b"]);
    assert!(outbox.refused(&[2], &fault));
    assert_eq!((outcome.try_recv(), outbox.counts()), (Ok(Err(fault.clone())), (4, 1)));
    outbox.sent(6);
    push_of(&outbox, 2000, &["g", "h", "i", "j"]);
    assert_eq!(next(&outbox, true).await.0, ["gh", "ij"], "half of the bytes that were refused");
    outbox.sent(10);
    push(&outbox, &["k", "l"]);
    assert!(!outbox.refused(&[11, 12], &fault), "another event may be the reason");
    outbox.sent(12);
    push(&outbox, &["m", "n", "o"]);
    assert_eq!(next(&outbox, true).await.0, ["mno"], "no broker refuses so few bytes");
}

#[tokio::test]
async fn events_that_a_session_may_have_stay_while_it_subscribes() {
    let outbox = outbox(100);
    let (first, mut outcome) = waiter();
    outbox.push_value(value("a", 10), usize::MAX, first);
    push(&outbox, &["b"]);
    outbox.push(event(), true, None);
    assert_eq!(next(&outbox, true).await.0, ["ab", "k"]);
    let fault = BusFault::down("it subscribes");
    outbox.pause(&fault, true);
    assert_eq!(outcome.try_recv(), Ok(Err(fault)));
    outbox.up();
    outbox.push(event(), true, None);
    assert_eq!(next(&outbox, true).await.0, ["ab", "k", "k"]);
}

#[tokio::test]
async fn while_nothing_can_be_sent_the_batch_of_the_session_stays_and_what_the_queue_keeps() {
    let cases = [
        (true, true, vec!["ab", "k", "k"]),
        (true, false, vec!["ab", "k"]),
        (false, true, vec!["k", "k"]),
        (false, false, vec![]),
    ];
    for (has_batch, enabled, left) in cases {
        let outbox = Outbox::new("run".to_owned(), QueueOptions { enabled, max_size: 10 });
        push(&outbox, &["a", "b"]);
        outbox.push(event(), true, None);
        assert_eq!(next(&outbox, true).await.0, ["ab", "k"]);
        let (last, mut outcome) = waiter();
        push(&outbox, &["c"]);
        outbox.push(event(), true, last);
        let fault = BusFault::blocked("it is full");
        outbox.pause(&fault, has_batch);
        assert_eq!(outcome.try_recv(), Ok(Err(fault)));
        push(&outbox, &["d"]);
        outbox.up();
        outbox.push(event(), true, None);
        let left: Vec<String> = left.into_iter().chain(["k"]).map(str::to_owned).collect();
        assert_eq!((next(&outbox, true).await.0, outbox.counts().1), (left, 0));
    }
}

#[tokio::test]
async fn values_are_forgotten_when_the_transport_is_down() {
    let outbox = Outbox::new("run".to_owned(), QueueOptions::default());
    let (first, mut outcome) = waiter();
    outbox.push_value(value("a", 10), usize::MAX, first);
    push(&outbox, &["b"]);
    outbox.push(event(), true, None);
    assert_eq!(next(&outbox, true).await.0, ["ab", "k"]);
    let fault = BusFault::down("gone");
    outbox.lost(&fault);
    outbox.down(&fault);
    assert_eq!(outcome.try_recv(), Ok(Err(fault)));
    outbox.up();
    assert_eq!(next(&outbox, true).await.0, ["k"]);
}

#[tokio::test]
async fn the_values_of_a_job_leave_together_at_its_end() {
    let outbox = outbox(10);
    let next = outbox.next(|| true);
    tokio::pin!(next);
    assert!((&mut next).now_or_never().is_none());
    hold();
    push(&outbox, &["a", "b"]);
    assert!(has_held() && (&mut next).now_or_never().is_none());
    wake_held();
    assert!(!has_held());
    assert_eq!(next.now_or_never().map(|batch| batch.len()), Some(2));
    push(&outbox, &["c"]);
    assert!(has_held());
    outbox.push(event(), true, None);
    outbox.sent(2);
    assert_eq!(
        self::next(&outbox, true).await.0,
        ["c", "k"],
        "other events wait for no end, nor do values before them"
    );
}
