//! Values are packed by a small packer of the test, and read by a decoder that knows records as `msgpackr` does.

use proptest::prelude::*;

use super::*;

mod known;
mod metadata;

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Nil,
    Int(u8),
    Text(String),
    Bytes(Vec<u8>),
    Undefined,
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
    Table(Vec<(Value, Value)>),
}

fn pack_text(text: &str, out: &mut Vec<u8>) {
    match text.len() {
        length @ 0..32 => out.push(0xa0 | u8::try_from(length).expect("short")),
        length @ 32..256 => out.extend([0xd9, u8::try_from(length).expect("short")]),
        length => {
            out.push(0xda);
            out.extend(u16::try_from(length).expect("short").to_be_bytes());
        }
    }
    out.extend_from_slice(text.as_bytes());
}

fn pack_head(short: u8, long: u8, count: usize, out: &mut Vec<u8>) {
    if count < 16 {
        out.push(short | u8::try_from(count).expect("short"));
    } else {
        out.push(long);
        out.extend(u16::try_from(count).expect("short").to_be_bytes());
    }
}

fn pack(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Nil => out.push(0xc0),
        Value::Int(number @ 0..128) => out.push(*number),
        Value::Int(number) => out.extend([0xcc, *number]),
        Value::Text(text) => pack_text(text, out),
        Value::Bytes(bytes) => {
            out.push(0xc5);
            out.extend(u16::try_from(bytes.len()).expect("short").to_be_bytes());
            out.extend(bytes);
        }
        Value::Undefined => out.extend([0xd4, 0, 0]),
        Value::List(list) => {
            pack_head(0x90, 0xdc, list.len(), out);
            list.iter().for_each(|value| pack(value, out));
        }
        Value::Object(entries) => {
            pack_head(0x80, 0xde, entries.len(), out);
            for (name, value) in entries {
                pack_text(name, out);
                pack(value, out);
            }
        }
        Value::Table(entries) => {
            pack_head(0x80, 0xde, entries.len(), out);
            for (key, value) in entries {
                pack(key, out);
                pack(value, out);
            }
        }
    }
}

fn packed(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    pack(value, &mut out);
    out
}

/// Reads the output of `pack`, with or without records.
struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
    records: bool,
    shapes: Vec<Option<Vec<String>>>,
}

impl Decoder<'_> {
    fn take(&mut self, count: usize) -> &[u8] {
        self.at += count;
        &self.bytes[self.at - count..self.at]
    }

    fn number(&mut self, width: usize) -> usize {
        self.take(width).iter().fold(0, |number, digit| number << 8 | usize::from(*digit))
    }

    fn text(&mut self, length: usize) -> Value {
        Value::Text(String::from_utf8(self.take(length).to_vec()).expect("UTF-8"))
    }

    fn list(&mut self, count: usize) -> Value {
        Value::List((0..count).map(|_| self.read()).collect())
    }

    fn map(&mut self, count: usize) -> Value {
        let entries: Vec<_> = (0..count).map(|_| (self.read(), self.read())).collect();
        let names = entries.iter().map(|(key, value)| match key {
            Value::Text(name) => Some((name.clone(), value.clone())),
            _ => None,
        });
        match names.collect::<Option<Vec<_>>>() {
            Some(object) => Value::Object(object),
            None => Value::Table(entries),
        }
    }

    fn record(&mut self, id: u8) -> Value {
        let names = self.shapes[usize::from(id)].clone().expect("a shape that was defined");
        Value::Object(names.into_iter().map(|name| (name, self.read())).collect())
    }

    fn read(&mut self) -> Value {
        let first = self.take(1)[0];
        match first {
            0x40..=0x7f if self.records => self.record(first & 0x3f),
            0x00..=0x7f => Value::Int(first),
            0x80..=0x8f => self.map(usize::from(first & 15)),
            0x90..=0x9f => self.list(usize::from(first & 15)),
            0xa0..=0xbf => self.text(usize::from(first & 31)),
            0xc0 => Value::Nil,
            0xc5 => {
                let length = self.number(2);
                Value::Bytes(self.take(length).to_vec())
            }
            0xcc => Value::Int(self.take(1)[0]),
            0xd4 => match self.take(2) {
                [0, 0] => Value::Undefined,
                [0x72, id] => {
                    let id = id & 0x3f;
                    let Value::List(names) = self.read() else { panic!("a list of names") };
                    let names = names.into_iter().map(|name| match name {
                        Value::Text(name) => name,
                        _ => panic!("a name"),
                    });
                    self.shapes[usize::from(id)] = Some(names.collect());
                    self.record(id)
                }
                other => panic!("{other:?}"),
            },
            0xd9 => {
                let length = self.number(1);
                self.text(length)
            }
            0xda => {
                let length = self.number(2);
                self.text(length)
            }
            0xdc => {
                let count = self.number(2);
                self.list(count)
            }
            0xde => {
                let count = self.number(2);
                self.map(count)
            }
            other => panic!("token {other:x}"),
        }
    }
}

/// The shapes of a reader that JavaScript knows.
#[derive(Default)]
struct KnownShapes(Vec<Vec<String>>);

impl KnownShapes {
    fn read(&mut self, reader: &Reader, opened: &Opened) -> Value {
        for (id, names) in reader.new_shapes() {
            assert_eq!(usize::from(id), self.0.len(), "numbers come in order");
            self.0.push(names.into_iter().map(|name| String::from_utf8(name).expect("UTF-8")).collect());
        }
        let (bytes, records) = match &opened.body {
            Body::Msgpack(bytes) => (bytes, false),
            Body::Records(bytes) => (bytes, true),
            other => panic!("{other:?}"),
        };
        let mut shapes: Vec<_> = self.0.iter().cloned().map(Some).collect();
        shapes.resize(64, None);
        let mut decoder = Decoder { bytes, at: 0, records, shapes };
        let value = decoder.read();
        assert_eq!(decoder.at, bytes.len());
        value
    }
}

fn payload(value: &Value) -> Vec<u8> {
    seal(&packed(value)).bytes
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Nil),
        Just(Value::Undefined),
        any::<u8>().prop_map(Value::Int),
        "[a-z]{0,40}|\\PC{0,4}".prop_map(Value::Text),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(5, 60, 20, |inner| {
        let name = prop::sample::select(&["id", "name", "tags", "__proto__", "é", "0"][..]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Value::List),
            prop::collection::vec((name.prop_map(String::from), inner.clone()), 0..5).prop_map(Value::Object),
            prop::collection::vec((1..200_u8, inner), 1..3).prop_map(|entries| {
                Value::Table(entries.into_iter().map(|(key, value)| (Value::Int(key), value)).collect())
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_is_read_with_records_is_what_was_packed(list in prop::collection::vec(values(), 1..8)) {
        let (reader, mut known) = (Reader::new(Limits::default()), KnownShapes::default());
        // Twice: shapes that come again get a number that stays.
        for value in list.iter().chain(&list) {
            let opened = reader.open(payload(value)).expect("a sound payload");
            if opened.body != Body::Null {
                prop_assert_eq!(&known.read(&reader, &opened), value);
            }
        }
    }

    #[test]
    fn what_is_cut_off_is_refused(value in values(), cut in any::<prop::sample::Index>()) {
        let packed = packed(&value);
        let kept = cut.index(packed.len());
        prop_assert!(check(&packed[..kept], 4096).is_err());
    }

    #[test]
    fn no_bytes_do_any_harm(
        value in values(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        prefix in prop::sample::select(&["HC1M", "HC1G", "HC1J", ""][..]),
    ) {
        let mut bytes = [prefix.as_bytes(), &packed(&value)].concat();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let reader = Reader::new(Limits::default());
        drop(reader.open(bytes.clone()));
        drop(reader.open(bytes));
    }
}

fn object(id: u8) -> Value {
    Value::Object(vec![("id".into(), Value::Int(id)), ("name".into(), Value::Text("x".into()))])
}

#[test]
fn objects_of_one_shape_in_a_message_become_records() {
    let reader = Reader::new(Limits::default());
    let list = Value::List(vec![object(1), object(100), object(200)]);
    let opened = reader.open(payload(&list)).expect("sound");
    let Body::Records(bytes) = &opened.body else { panic!("no records") };
    assert!(bytes.len() < packed(&list).len());
    assert_eq!(KnownShapes::default().read(&reader, &opened), list);
}

#[test]
fn a_shape_that_comes_again_gets_a_number_that_stays() {
    let (reader, mut known) = (Reader::new(Limits::default()), KnownShapes::default());
    let open = || reader.open(payload(&object(7))).expect("sound");
    assert!(matches!(open().body, Body::Msgpack(_)), "one object alone gains nothing");
    assert!(matches!(open().body, Body::Msgpack(_)));
    let opened = open();
    assert!(matches!(&opened.body, Body::Records(bytes) if bytes.len() < 6));
    assert_eq!(known.read(&reader, &opened), object(7));
    assert!(reader.new_shapes().is_empty(), "it is returned once");
}

#[test]
fn more_shapes_than_there_are_numbers_are_read_as_maps() {
    let (reader, mut known) = (Reader::new(Limits::default()), KnownShapes::default());
    for _ in 0..3 {
        for number in 0..200 {
            let value = Value::Object(vec![(format!("name {number}"), Value::Nil)]);
            let opened = reader.open(payload(&value)).expect("sound");
            assert_eq!(known.read(&reader, &opened), value);
        }
    }
}

#[test]
fn the_sentinel_is_null() {
    let reader = Reader::new(Limits::default());
    let opened = reader.open(payload(&Value::Text(NULL_SENTINEL.into()))).expect("sound");
    assert_eq!(
        opened,
        Opened { encoding: Encoding::Msgpack, body: Body::Null, metadata: Metadata::default() }
    );
}

#[test]
fn gzip_is_used_when_it_pays() {
    let long = Value::List(vec![Value::Text("the same text".into()); 10_000]);
    let sealed = seal(&packed(&long));
    assert_eq!(sealed.encoding, Encoding::MsgpackGzip);
    assert!(sealed.bytes.starts_with(b"HC1G"));
    let reader = Reader::new(Limits::default());
    let opened = reader.open(sealed.bytes).expect("sound");
    assert_eq!(KnownShapes::default().read(&reader, &opened), long);

    let mut seed = 1_u32;
    let noise = (0..30_000).map(|_| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed.to_be_bytes()[0]
    });
    let noise = packed(&Value::List(vec![Value::Bytes(noise.collect()); 3]));
    assert_eq!(seal(&noise[..GZIP_MIN_BYTES - 1]).encoding, Encoding::Msgpack, "too short");
    assert_eq!(seal(&noise[..30_000]).encoding, Encoding::Msgpack);
}

#[test]
fn what_inflates_beyond_the_limit_is_refused() {
    let bomb = gzip(&vec![0; 10 << 20], b"HC1G".to_vec());
    let reader = Reader::new(Limits { inflated_bytes: 1 << 20, ..Limits::default() });
    let refused = reader.open(bomb).expect_err("a bomb");
    assert_eq!(refused.0, "gzip: larger than 1048576 bytes when inflated");
}

#[test]
fn what_follows_a_gzip_member_is_another_one_or_is_ignored() {
    let twice = [gzip(b"one", Vec::new()), gzip(b"two", Vec::new())].concat();
    assert_eq!(gunzip(&twice, 100).expect("sound"), b"onetwo");
    assert_eq!(
        gunzip(&[gzip(b"one", Vec::new()), b"garbage".to_vec()].concat(), 100).expect("sound"),
        b"one"
    );
    assert!(gunzip(b"garbage", 100).is_err());
}

#[test]
fn nesting_is_bounded_however_deep_the_bytes_are() {
    let deep = [vec![0x91; 5000], vec![0xc0]].concat();
    assert_eq!(check(&deep, 4096).expect_err("too deep").0, "msgpack: nested deeper than 4096 levels");
    check(&deep, 5000).expect("deep enough");
    assert!(check(&vec![0x91; 1 << 20], 4096).is_err());
}

#[test]
fn declared_lengths_are_not_believed() {
    for bytes in [
        &b"\xdd\xff\xff\xff\xff"[..],
        b"\xdf\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xffabc",
        b"\xc9\xff\xff\xff\xff\x74",
    ] {
        assert!(check(bytes, 100).is_err());
    }
}

#[test]
fn what_only_msgpackr_can_tell_is_left_to_it() {
    let reader = Reader::new(Limits::default());
    let records = b"HC1M\xd4\x72\x40\x91\xa1a\x01".to_vec();
    assert!(matches!(reader.open(records).expect("foreign").body, Body::Msgpack(_)));
}

#[test]
fn bytes_without_a_prefix_are_msgpack_then_json() {
    let reader = Reader::new(Limits::default());
    let legacy = |bytes: &[u8]| reader.open(bytes.to_vec()).map(|opened| opened.body);
    assert_eq!(legacy(b"\x91\x01"), Ok(Body::Msgpack(b"\x91\x01".to_vec())));
    assert_eq!(legacy(b"{\"a\":1}"), Ok(Body::Json(b"{\"a\":1}".to_vec())));
    assert!(legacy(b"\xc1\xc1 neither").is_err());
    assert!(legacy(b"").is_err());
}
