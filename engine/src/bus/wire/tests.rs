use proptest::prelude::*;

use super::*;
use crate::{
    bus::{Body, Message, SeenNumbers, ShortName},
    clock::Ttl,
    codec::Encoding,
    entry::{key::Key, pattern::Pattern, version::Version},
};

fn payload(packed: Packed) -> Vec<u8> {
    match packed {
        Packed::Msgpack(bytes) => [Encoding::Msgpack.prefix(), &bytes].concat(),
        Packed::Json(bytes) => [Encoding::Json.prefix(), &bytes].concat(),
    }
}

fn keys() -> impl Strategy<Value = Vec<Key>> {
    let key = prop_oneof![
        any::<Vec<u16>>().prop_map(|units| Key::from_utf16(&units)),
        any::<u32>().prop_map(|number| Key::from_number(number.into())),
        any::<f64>().prop_filter("a number", |number| number.is_finite()).prop_map(Key::from_number),
    ];
    prop::collection::vec(key, 0..5)
}

fn body() -> impl Strategy<Value = Body<RawValue>> {
    let value = prop_oneof![
        Just(vec![0xc0]),
        Just(b"\xa5hello".to_vec()),
        Just(b"\x82\xa1a\x01\xa1b\x93\x01\x02\x03".to_vec())
    ];
    let ttl = prop_oneof![Just(Ttl::FOREVER), (1..1u64 << 30).prop_map(|millis| Ttl(millis * 1000))];
    prop_oneof![
        keys().prop_map(Body::Delete),
        any::<String>().prop_map(|pattern| Body::Pattern(Pattern::from(pattern.as_str()))),
        (keys(), any::<String>(), ttl.clone()).prop_map(|(keys, name, ttl)| Body::Extend {
            keys,
            version: Version::named(&name),
            ttl: Some(ttl)
        }),
        (keys(), value, ttl).prop_map(|(keys, value, ttl)| Body::Set {
            keys,
            value: RawValue::Msgpack(value),
            ttl: Some(ttl)
        }),
    ]
}

fn shown(body: &Body<RawValue>) -> String {
    match body {
        Body::Delete(keys) => format!("{keys:?}"),
        Body::Pattern(pattern) => format!("{:?}", pattern.as_bytes()),
        Body::Set { keys, value, ttl } => format!("{keys:?} {value:?} {ttl:?}"),
        Body::Extend { keys, version, ttl } => format!("extend {keys:?} {version:?} {ttl:?}"),
    }
}

proptest! {
    #[test]
    fn an_event_comes_back_as_it_was_with_its_number(
        body in body(),
        id in proptest::option::of("[a-f0-9-]{1,36}"),
        source: String,
        cache in proptest::option::of("[a-z:]{1,9}"),
        stamped in 0..1u64 << 53,
        generation in proptest::option::of(0..1u64 << 53),
        sequence in 1..1u64 << 53,
        seen in proptest::option::of(prop::collection::vec(any::<u8>(), 0..60)),
        expires: bool,
        tags in keys(),
        etag in proptest::option::of("\\PC{0,20}"),
    ) {
        let seen = seen.map(|bytes| SeenNumbers::received(&bytes));
        let base = Message::new("", 0, None, body).expiring(expires).of_tags(&tags);
        let etag = etag.map(Into::into);
        let message = Message { id, source, cache, stamped, generation, seen, etag, ..base };
        let value = if let Body::Set { value, .. } = &message.body { Some(value) } else { None };
        let packed = numbered(encode(&message, value, false), "run", sequence);
        let decoded = decode(&payload(packed)).expect("it is whole");
        let Decoded::Event { message: read, number } = decoded else { panic!("{decoded:?}") };
        prop_assert_eq!(&read.number, &number);
        prop_assert_eq!(read.seen, message.seen);
        prop_assert_eq!((read.expires, &read.tags), (message.expires, &message.tags));
        prop_assert_eq!(&read.etag, &message.etag);
        prop_assert_eq!(number, Some(Number { publisher: "run".to_owned(), sequence }));
        prop_assert_eq!(shown(&read.body), shown(&message.body));
        prop_assert_eq!((read.id, read.source, read.cache), (message.id, message.source, message.cache));
        prop_assert_eq!((read.stamped, read.generation), (message.stamped, message.generation));
    }

    #[test]
    fn no_bytes_make_reading_fail_otherwise_than_by_saying_so(bytes: Vec<u8>) {
        for prefix in [&b"HC1M"[..], b"HC1G", b"HC1J", b""] {
            drop(decode(&[prefix, &bytes].concat()));
        }
        drop(decode_heartbeat(&bytes));
    }

    #[test]
    fn an_event_with_a_byte_changed_is_read_or_refused(at in 0..200usize, byte: u8, body in body()) {
        let message = Message::new("a", 1, None, body);
        let value = if let Body::Set { value, .. } = &message.body { Some(value) } else { None };
        let mut bytes = payload(encode(&message, value, false));
        let at = at % bytes.len();
        bytes[at] = byte;
        drop(decode(&bytes));
    }
}

#[test]
fn keys_that_are_numbers_are_read_and_written_as_strings() {
    let read = b"HC1M\x83\xa4type\xa3del\xa6source\xa1a\xa4keys\x92\xa1k\x07";
    let Ok(Decoded::Event { message, .. }) = decode(read) else { panic!("it is whole") };
    assert!(matches!(&message.body, Body::Delete(keys) if keys == &["k".into(), Key::from_number(7.0)]));
    let Packed::Msgpack(written) = encode(&message, None, false) else { panic!("no JSON was asked for") };
    assert!(written.ends_with(b"\xa4keys\x92\xa1k\xa17"), "{written:?}");
}

fn deleted(keys: &[Key]) -> Message<RawValue> {
    let body = Body::Delete(keys.to_vec());
    Message { id: None, ..Message::new("a", 5, Some(2), body).of_cache(Some("users")) }
}

#[test]
fn events_in_json_are_read_and_written() {
    let packed = numbered(encode(&deleted(&["k".into(), Key::from_number(7.0)]), None, true), "run", 3);
    let Packed::Json(text) = &packed else { panic!("{packed:?}") };
    let text = str::from_utf8(text).expect("text");
    assert!(text.contains("\"keys\":[\"k\",\"7\"]") && text.contains("\"cache\":\"users\""), "{text}");
    let Ok(Decoded::Event { message, number }) = decode(&payload(packed)) else { panic!("it is whole") };
    assert_eq!(message.cache.as_deref(), Some("users"));
    assert_eq!(number.map(|number| number.sequence), Some(3));

    let value = br#"HC1J{"type":"set","source":"a","ts":1,"keys":["k"],"value":{"a":[1]},"ttlMs":5}"#;
    let Ok(Decoded::Event { message, .. }) = decode(value) else { panic!("it is whole") };
    let Body::Set { value, .. } = &message.body else { panic!("{message:?}") };
    assert_eq!(value, &RawValue::Json(br#"{"a":[1]}"#.to_vec()));
    let Packed::Json(text) = encode(&message, Some(value), false) else { panic!("json stays json") };
    assert!(str::from_utf8(&text).expect("text").ends_with(r#","value":{"a":[1]}}"#));
}

#[test]
fn what_a_load_had_seen_is_binary_and_in_json_hexadecimal_and_nothing_where_it_cannot_be_read() {
    let mut seen = SeenNumbers::default();
    assert!(seen.add(ShortName::of("run"), 300));
    let body = Body::Set { keys: vec!["k".into()], value: RawValue::Msgpack(vec![0xc0]), ttl: None };
    let message = Message { seen: Some(seen.clone()), ..Message::new("a", 1, None, body) };
    let value = RawValue::Msgpack(vec![0xc0]);
    let bytes = payload(encode(&message, Some(&value), false));
    let without = payload(encode(&Message { seen: None, ..message.clone() }, Some(&value), false));
    assert_eq!(bytes.len() - without.len(), 5 + 2 + 5, "its name, the head, one publisher");
    let json = payload(encode(&message, Some(&RawValue::Json(b"1".to_vec())), false));
    for written in [bytes, json] {
        let Ok(Decoded::Event { message, .. }) = decode(&written) else { panic!("it is whole") };
        assert_eq!(message.seen.as_ref(), Some(&seen));
    }
    for odd in [&b"\xc0"[..], b"\x07", b"\xa3xyz", b"\x80"] {
        let mut event = b"HC1M\x84\xa4type\xa3set\xa4keys\x91\xa1k\xa5value\x01\xa4seen".to_vec();
        event.extend_from_slice(odd);
        let Ok(Decoded::Event { message, .. }) = decode(&event) else { panic!("it is whole") };
        assert_eq!(message.seen, Some(SeenNumbers::default()), "{odd:?}");
    }
}

#[test]
fn what_is_no_event_of_ours_is_told_apart_from_what_is_damaged() {
    // { type: "hello", publisher: "p", sequence: 2 }
    let mut other = b"HC1M\x83\xa4type\xa5hello".to_vec();
    other.extend_from_slice(b"\xa9publisher\xa1p\xa8sequence\x02");
    let Ok(Decoded::Other { number: Some(number) }) = decode(&other) else { panic!("{:?}", decode(&other)) };
    assert_eq!(number.sequence, 2);
    for damaged in
        [&b"HC1M\x81"[..], b"HC1M\x80", b"HC1M\x90", b"HC1M\xdf\xff\xff\xff\xff", b"HC1G123", b"HC1J{", b""]
    {
        assert!(decode(damaged).is_err(), "{damaged:?}");
    }
    // A million keys are refused before they take memory.
    let mut many = b"HC1M\x82\xa4type\xa3del\xa4keys\xdd\x00\x0f\x42\x40".to_vec();
    many.resize(many.len() + 1_000_000, 0x01);
    assert!(decode(&many).is_err());
}

#[test]
fn a_heartbeat_comes_back() {
    for within in [None, Some(0), Some(1 << 20)] {
        let number = Number { publisher: "run".to_owned(), sequence: 1 << 40 };
        let beat = Heartbeat { number, within, beat: 70_000 };
        assert_eq!(decode_heartbeat(&heartbeat(&beat)).expect("it is whole"), beat);
    }
    assert!(decode_heartbeat(b"HC1M\x80").is_err());
}

#[test]
fn a_heartbeat_is_told_from_events_that_are_numbered_too() {
    let number = Number { publisher: "a".to_owned(), sequence: 7 };
    for within in [None, Some(1000)] {
        assert!(is_heartbeat(&heartbeat(&Heartbeat { number: number.clone(), within, beat: 1 })));
    }
    // An event of no more fields than it needs.
    let mut event = b"HC1M\x84\xa4type\xa3del\xa4keys\x91\xa1k".to_vec();
    event.extend(b"\xa9publisher\xa1a\xa8sequence\x07");
    assert!(decode_heartbeat(&event).is_ok());
    assert!(!is_heartbeat(&event));
    assert!(!is_heartbeat(b"") && !is_heartbeat(b"HC1M") && !is_heartbeat(b"HC1M\x83"));
}
