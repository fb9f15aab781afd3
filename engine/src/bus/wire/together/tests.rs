//! Events that share a payload come back as they were, and nothing that is sent in its place does harm.

use proptest::prelude::*;

use super::*;
use crate::{
    bus::{
        Body, Message, SeenNumbers,
        wire::{Decoded, Packed, RawValue, decode, encode},
    },
    clock::Ttl,
    entry::{key::Key, version::Version},
};

/// An event in `MessagePack`.
fn bytes(message: &Message<RawValue>) -> Vec<u8> {
    let value = if let Body::Set { value, .. } = &message.body { Some(value) } else { None };
    let Packed::Msgpack(bytes) = encode(message, value, false) else { panic!("no JSON was asked for") };
    bytes
}

fn joined(events: &[Vec<u8>]) -> Vec<u8> {
    let events: Vec<&[u8]> = events.iter().map(Vec::as_slice).collect();
    [Encoding::Msgpack.prefix(), &together(&events).expect("they can share")].concat()
}

/// A loaded value, or word that one is still true.
fn loaded() -> impl Strategy<Value = Message<RawValue>> {
    let key = prop_oneof![Just("k".to_owned()), any::<String>()];
    let value =
        prop_oneof![Just(b"\xa5hello".to_vec()), Just(b"\x82\xa1a\x01\xa1b\x93\x01\x02\x03".to_vec())];
    let body = prop_oneof![
        4 => (key.clone(), value, 0..4u64).prop_map(|(key, value, millis)| Body::Set {
            keys: vec![Key::from(key.as_str())],
            value: RawValue::Msgpack(value),
            ttl: Some(Ttl(millis * 1000)),
        }),
        1 => (key, any::<String>()).prop_map(|(key, version)| Body::Extend {
            keys: vec![Key::from(key.as_str())],
            version: Version::named(&version),
            ttl: None,
        }),
    ];
    let cache = proptest::option::of("[ab]");
    let seen = prop::collection::vec(0..2u8, 0..3);
    let tags = prop::collection::vec(prop_oneof![Just(Key::from("t")), Just(Key::from("u"))], 0..3);
    (body, cache, 0..3u64, seen, tags, proptest::option::of("[xy]")).prop_map(
        |(body, cache, stamped, seen, tags, etag)| {
            let message = Message::new("instance", stamped, Some(stamped), body);
            let seen = Some(SeenNumbers::received(&seen));
            Message { cache, seen, tags, etag: etag.map(Into::into), ..message }
        },
    )
}

fn read(payload: &[u8]) -> String {
    let Ok(Decoded::Event { message, .. }) = decode(payload) else { panic!("it is whole") };
    format!("{message:?}")
}

proptest! {
    #[test]
    fn events_come_back_in_order_and_as_they_were(events in prop::collection::vec(loaded(), 2..9)) {
        let alone: Vec<Vec<u8>> = events.iter().map(bytes).collect();
        let payload = joined(&alone);
        let read_alone: Vec<_> =
            alone.iter().map(|event| read(&[Encoding::Msgpack.prefix(), event].concat())).collect();
        let read_apart: Vec<_> = apart(payload.clone()).iter().map(|event| read(event)).collect();
        prop_assert_eq!(&read_apart, &read_alone);
        // Who knows nothing of the field has the first event.
        prop_assert_eq!(&read(&payload), &read_alone[0]);
    }

    #[test]
    fn no_cut_and_no_flip_does_harm(
        events in prop::collection::vec(loaded(), 2..4),
        cut in any::<prop::sample::Index>(),
        flip in any::<prop::sample::Index>(),
        byte: u8,
    ) {
        let payload = joined(&events.iter().map(bytes).collect::<Vec<_>>());
        let mut flipped = payload.clone();
        flipped[flip.index(payload.len())] = byte;
        for damaged in [payload[..cut.index(payload.len())].to_vec(), flipped] {
            let apart = apart(damaged);
            prop_assert!(!apart.is_empty() && apart.len() <= EVENTS);
            apart.iter().for_each(|event| drop(decode(event)));
        }
    }

    #[test]
    fn no_bytes_do_harm(bytes: Vec<u8>) {
        for head in [&b""[..], b"HC1M", b"HC1M\x82\xa4more", b"HC1M\x85\xa4more\x93\x01\xc4\x02\x81\xa1"] {
            apart([head, &bytes].concat()).iter().for_each(|event| drop(decode(event)));
        }
    }
}

fn value(key: &str) -> Vec<u8> {
    let value = RawValue::Msgpack(b"\xa5value".to_vec());
    bytes(&Message::new("instance", 1, Some(0), Body::Set { keys: vec![key.into()], value, ttl: None }))
}

#[test]
fn fields_that_all_have_are_written_once() {
    let events: Vec<_> = ["a", "b", "c"].map(value).to_vec();
    let payload = joined(&events);
    let occurs = |text: &[u8]| payload.windows(text.len()).filter(|bytes| *bytes == text).count();
    assert_eq!((occurs(b"instance"), occurs(b"value"), occurs(b"\xa4keys"), occurs(b"\xa2id")), (1, 2, 3, 3));
    assert!(payload.starts_with(b"HC1M\x89\xa4more\x93\x06"), "eight fields and `more`, six of them common");
}

#[test]
fn one_that_is_damaged_costs_none_of_the_others() {
    let payload = joined(&["a", "b", "c"].map(value));
    let at = payload.windows(3).position(|bytes| bytes == b"\x91\xa1b").expect("the keys of the second");
    // A key that has no end within its event.
    let damaged = [&payload[..at + 1], b"\xbf", &payload[at + 2..]].concat();
    let apart = apart(damaged);
    let read = apart.iter().map(|event| decode(event).is_ok()).collect::<Vec<_>>();
    assert_eq!(read, [true, false, true]);
}

#[test]
fn what_msgpackr_alone_reads_does_not_share_but_is_told_apart() {
    let events = ["a", "b"].map(value);
    let foreign = |event: &[u8]| {
        let text = b"\xa5value\xa5value";
        let at = event.windows(text.len()).position(|bytes| bytes == text).expect("its value");
        [&event[..at + 6], b"\xc7\x04\x01abcd", &event[at + text.len()..]].concat()
    };
    assert!(together(&[&events[0], &foreign(&events[1])]).is_none());
    assert!(
        together(&[&events[0]]).is_none()
            && together(&[]).is_none()
            && together(&[b"\x01", b"\x02"]).is_none()
    );
    // A sender that can share such a value may do so.
    let payload = joined(&["a", "b"].map(value));
    let at = payload.windows(6).rposition(|bytes| bytes == b"\xa5value").expect("the common value");
    let payload = [&payload[..at], b"\xd6\x01abcd", &payload[at + 6..]].concat();
    assert_eq!(apart(payload.clone()), [payload], "a common field that has no known end");
}

#[test]
fn nothing_takes_more_than_the_limits_allow() {
    // A common field of a megabyte that a hundred events have.
    let event =
        |id: u8| [&b"\x82\xa1x\xc6\x00\x10\x00\x00"[..], &vec![0; 1 << 20], b"\xa2id", &[id]].concat();
    let large = joined(&(0..100).map(event).collect::<Vec<_>>());
    assert_eq!(apart(large).len(), 1);
    let many = joined(&(0..=EVENTS).map(|_| b"\x81\xa1x\x01".to_vec()).collect::<Vec<_>>());
    assert_eq!(apart(many).len(), 1);
    // An event within an event is not looked for.
    let inner = &joined(&["a", "b"].map(value))[Encoding::Msgpack.prefix().len()..];
    let outer = joined(&[value("c"), inner.to_vec()]);
    assert_eq!(apart(outer).len(), 2);
}

#[test]
fn one_with_more_common_fields_than_an_event_has_is_no_shared_payload() {
    let field = b"\xa1k\x01".repeat(65);
    let payload = [b"HC1M\xde\x00\x64\xa4more\x92\x41\xc4\x01\x80", &field[..]].concat();
    assert_eq!(apart(payload.clone()), [payload]);
}
