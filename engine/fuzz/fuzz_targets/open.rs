//! Payloads as they may come from a store that anybody can write to.
#![no_main]

use lazy_layers_engine::codec::{Limits, Metadata, Reader, TagCount, gzip, seal, seal_with};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits { depth: 64, inflated_bytes: 1 << 20 };

fuzz_target!(|bytes: &[u8]| {
    let reader = Reader::new(LIMITS);
    // More than once: shapes that were met before are rewritten otherwise.
    for _ in 0..3 {
        drop(reader.open(bytes.to_vec()));
        drop(reader.open([b"HC1M", bytes].concat()));
        drop(reader.open(gzip(bytes, b"HC1G".to_vec())));
        drop(reader.new_shapes());
    }
    drop(reader.open(seal(bytes).bytes));
    // As the extra field of a header, and beside a value.
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_le_bytes();
    drop(reader.open([b"HC1G\x1f\x8b\x08\x04\0\0\0\0\0\xff", &length[..], bytes].concat()));
    let tags = vec![TagCount { tag: "a".into(), count: 1 }];
    drop(seal_with(bytes, &Metadata { tags, ..Metadata::default() }).map(|sealed| reader.open(sealed.bytes)));
});
