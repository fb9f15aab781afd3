//! Events as they may come from a bus that anybody can publish to.
#![no_main]

use lazy_layers_engine::{
    bus::{
        Body,
        wire::{Decoded, apart, decode, decode_heartbeat, encode, numbered, together},
    },
    codec::gzip,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let prefixed = |prefix: &[u8]| [prefix, bytes].concat();
    let shared = together(&[bytes, bytes]).map(|map| [b"HC1M".as_slice(), &map].concat()).unwrap_or_default();
    let payloads = [bytes.to_vec(), prefixed(b"HC1M"), prefixed(b"HC1J"), gzip(bytes, b"HC1G".to_vec()), shared];
    for payload in payloads.into_iter().flat_map(apart) {
        drop(decode_heartbeat(&payload));
        let Ok(Decoded::Event { message, .. }) = decode(&payload) else { continue };
        // What was read is written, and read as the same again.
        let value = if let Body::Set { value, .. } = &message.body { Some(value) } else { None };
        let packed = numbered(encode(&message, value, false), "fuzz", 1);
        let (prefix, packed) = match packed {
            lazy_layers_engine::bus::wire::Packed::Msgpack(bytes) => (b"HC1M", bytes),
            lazy_layers_engine::bus::wire::Packed::Json(bytes) => (b"HC1J", bytes),
        };
        let again = decode(&[prefix.as_slice(), &packed].concat());
        let Ok(Decoded::Event { message: again, number: Some(number) }) = again else { panic!("{again:?}") };
        assert_eq!(number.sequence, 1);
        assert_eq!(again.stamped, message.stamped);
        assert_eq!(again.body.kind().as_str(), message.body.kind().as_str());
    }
});
