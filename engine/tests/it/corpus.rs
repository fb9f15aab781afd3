//! The corpus of fuzzing (`engine/fuzz`) is opened without a panic and in bounded time.

use std::{fs, path::Path};

use lazy_layers_engine::{
    bus::wire::{apart, decode, together},
    codec::{Limits, Reader, gzip},
};

#[test]
fn every_payload_of_the_corpus_is_opened_or_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/open");
    let reader = Reader::new(Limits { depth: 64, inflated_bytes: 1 << 20 });
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("the corpus is part of the sources") {
        let bytes = fs::read(entry.expect("a file").path()).expect("readable");
        // More than once: shapes that were met before are rewritten otherwise.
        for _ in 0..3 {
            drop(reader.open(bytes.clone()));
            drop(reader.open([b"HC1M".as_slice(), &bytes].concat()));
            drop(reader.open(gzip(&bytes, b"HC1G".to_vec())));
            drop(reader.new_shapes());
        }
        count += 1;
    }
    assert!(count > 100, "{count} files");
}

#[test]
fn every_event_of_the_corpus_is_read_or_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/event");
    let (mut read, mut refused, mut shares) = (0, 0, 0);
    for entry in fs::read_dir(folder).expect("the corpus is part of the sources") {
        let bytes = fs::read(entry.expect("a file").path()).expect("readable");
        for payload in
            [bytes.clone(), [b"HC1M".as_slice(), &bytes].concat(), [b"HC1J".as_slice(), &bytes].concat()]
        {
            match decode(&payload) {
                Ok(_) => read += 1,
                Err(_) => refused += 1,
            }
            apart(payload).iter().for_each(|event| drop(decode(event)));
        }
        if let Some(shared) = together(&[&bytes, &bytes]) {
            let events = apart([b"HC1M".as_slice(), &shared].concat());
            assert_eq!(events.len(), 2, "{bytes:?}");
            shares += 1;
        }
    }
    assert!(read >= 10 && refused > 100 && shares > 5, "{read} read, {refused} refused, {shares} can share");
}
