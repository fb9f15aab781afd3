//! Payloads with metadata beside the value.

use std::io::Read;

use flate2::read::GzDecoder;
use proptest::prelude::*;

use super::super::*;

fn tagged(tags: &[(&str, u64)]) -> Metadata {
    Metadata {
        tags: tags.iter().map(|(tag, count)| TagCount { tag: (*tag).into(), count: *count }).collect(),
        ..Metadata::default()
    }
}

/// The value as any gunzip reads it.
fn gunzipped(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    GzDecoder::new(&payload[PREFIX_BYTES..]).read_to_end(&mut out).expect("gzip");
    out
}

/// A packed byte string of that length.
fn packed(length: usize) -> Vec<u8> {
    let head = [&[0xc6][..], &u32::try_from(length).expect("short").to_be_bytes()].concat();
    [head, vec![7; length]].concat()
}

#[test]
fn a_payload_without_metadata_stays_as_it_was() {
    for length in [0, 10, GZIP_MIN_BYTES] {
        let packed = packed(length);
        assert_eq!(seal_with(&packed, &Metadata::default()).expect("fits"), seal(&packed));
    }
}

#[test]
fn a_value_with_metadata_is_read_by_any_gunzip_and_has_it_when_it_is_opened() {
    let of_load = Metadata { etag: Some("W/\"v1\"".into()), cost: Some(1), ..Metadata::default() };
    let tags = tagged(&[("a", 1), ("é", u64::MAX)]);
    for metadata in [Metadata { tags: tags.tags.clone(), ..of_load.clone() }, of_load, tags] {
        a_value_has_it_when_it_is_opened(&metadata);
    }
}

fn a_value_has_it_when_it_is_opened(metadata: &Metadata) {
    let reader = Reader::new(Limits::default());
    // Without compression: one block, a full one, several; then compressed.
    for length in [0, 100, 65_530, 65_531, GZIP_MIN_BYTES] {
        let packed = packed(length);
        let sealed = seal_with(&packed, metadata).expect("fits");
        assert_eq!(sealed.encoding, Encoding::MsgpackGzip);
        assert_eq!(gunzipped(&sealed.bytes), packed, "{length}");
        assert_eq!(super::super::metadata(&sealed.bytes).expect("sound"), *metadata);
        let opened = reader.open(sealed.bytes).expect("sound");
        assert_eq!((opened.metadata, opened.body), (metadata.clone(), Body::Msgpack(packed)), "{length}");
    }
}

#[test]
fn what_gzip_does_not_shorten_is_stored_as_it_is() {
    let mut seed = 1_u32;
    let noise = (0..200_000).map(|_| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed.to_be_bytes()[0]
    });
    let mut packed = packed(0);
    packed[1..].copy_from_slice(&200_000_u32.to_be_bytes());
    packed.extend(noise);
    let sealed = seal_with(&packed, &tagged(&[("a", 1)])).expect("fits");
    assert!(sealed.bytes.len() < packed.len() + 100, "{}", sealed.bytes.len());
    assert_eq!(gunzipped(&sealed.bytes), packed);
}

#[test]
fn metadata_that_does_not_fit_is_refused() {
    let long = "x".repeat(65_536);
    assert_eq!(seal_with(&packed(1), &tagged(&[(&long, 1)])), None);
}

proptest! {
    /// It is a miss, or the same value with the same tags: a bit of the head that says nothing may change.
    #[test]
    fn a_payload_that_is_damaged_is_no_other_value(
        length in 0..200_usize,
        at in any::<prop::sample::Index>(),
        bit in 0..8,
    ) {
        let (packed, metadata) = (packed(length), tagged(&[("a", 1), ("b", 2)]));
        let mut bytes = seal_with(&packed, &metadata).expect("fits").bytes;
        let at = PREFIX_BYTES + at.index(bytes.len() - PREFIX_BYTES);
        bytes[at] ^= 1_u8 << bit;
        if let Ok(opened) = Reader::new(Limits::default()).open(bytes.clone()) {
            prop_assert_eq!((opened.metadata, opened.body), (metadata, Body::Msgpack(packed)));
        }
        drop(Reader::new(Limits::default()).open(bytes[..at].to_vec()));
    }
}
