//! The metadata of a stored value: its tags, each with the count from before the value was made, its etag, and the time
//! that its load took.
//!
//! It lies in the FEXTRA field of the gzip header of an `HC1G` payload (RFC 1952, 2.3.1.1), which every gunzip skips.
//! So a version that knows no metadata reads the value. A payload without metadata has no such field.
//!
//! The field is one subfield: its id `LL`, its length, and this record. Numbers are little endian.
//!
//! | bytes | meaning |
//! |---|---|
//! | 1 | the version of the record, 1 |
//! | 4 | the CRC-32 of the fields: that of the gzip member covers the value alone |
//! | 1 + 2 + length | a field: its kind, its length, its bytes; any number of them |
//!
//! | kind | bytes of the field |
//! |---|---|
//! | 1 | a tag: its count (8), its name |
//! | 2 | the etag |
//! | 3 | how long the load took, in microseconds (8) |
//!
//! Fields of other kinds are skipped: a later version may add fields that earlier ones need not know. If they have to
//! know them, the record gets another version, and is a miss for them. So is a header whose extra field has no such
//! record.

use flate2::Crc;

use super::Corrupt;
use crate::entry::{key::Key, version::Etag};

/// The id of the subfield.
const ID: [u8; 2] = *b"LL";
const VERSION: u8 = 1;
/// The kinds of fields.
const TAG: u8 = 1;
const ETAG: u8 = 2;
const COST: u8 = 3;
/// The bytes of a subfield and of a field before their contents.
const SUBFIELD_HEAD: usize = 4;
const FIELD_HEAD: usize = 3;
const RECORD_HEAD: usize = 5;
const COUNT_BYTES: usize = 8;
const COST_BYTES: usize = 8;
/// The longest etag that is stored, in bytes: there is room for it beside as many tags as an entry may have.
pub const MOST_ETAG_BYTES: usize = 4096;
/// The most bytes of a gzip header's extra field.
const MOST_EXTRA: usize = u16::MAX as usize;

/// A tag of an entry, and its count when the entry was made: the entry is valid while the count stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagCount {
    /// The tag.
    pub tag: Key,
    /// Its count.
    pub count: u64,
}

/// The metadata of a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Its tags.
    pub tags: Vec<TagCount>,
    /// Its etag.
    pub etag: Option<Etag>,
    /// How long its load took, in microseconds.
    pub cost: Option<u64>,
}

impl Metadata {
    /// None.
    pub const NONE: &'static Metadata = &Metadata { tags: Vec::new(), etag: None, cost: None };

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty() && self.etag.is_none() && self.cost.is_none()
    }

    /// Whether it fits beside a value.
    #[must_use]
    pub fn fits(&self) -> bool {
        let of_tag = |tag: &TagCount| FIELD_HEAD + COUNT_BYTES + tag.tag.as_bytes().len();
        let of_etag = self.etag.as_ref().map_or(0, |etag| FIELD_HEAD + etag.len());
        let of_cost = self.cost.map_or(0, |_| FIELD_HEAD + COST_BYTES);
        let of_tags = self.tags.iter().map(of_tag).sum::<usize>();
        SUBFIELD_HEAD + RECORD_HEAD + of_tags + of_etag + of_cost <= MOST_EXTRA
    }

    /// The extra field of a gzip header. `None` if it would be longer than a header takes: 65,535 bytes.
    pub(super) fn to_extra(&self) -> Option<Vec<u8>> {
        let mut fields = Vec::new();
        for TagCount { tag, count } in &self.tags {
            put(TAG, &[&count.to_le_bytes(), tag.as_bytes()].concat(), &mut fields)?;
        }
        if let Some(etag) = &self.etag {
            put(ETAG, etag.as_bytes(), &mut fields)?;
        }
        if let Some(cost) = self.cost {
            put(COST, &cost.to_le_bytes(), &mut fields)?;
        }
        let length = u16::try_from(RECORD_HEAD + fields.len()).ok()?.to_le_bytes();
        let extra = [&ID, &length[..], &[VERSION], &sum(&fields), &fields].concat();
        (extra.len() <= MOST_EXTRA).then_some(extra)
    }

    /// The metadata in the extra field of a gzip header.
    ///
    /// # Errors
    /// When it is damaged, or of a version that is not known: the value may not be valid any more.
    pub(super) fn of_extra(mut extra: &[u8]) -> Result<Metadata, Corrupt> {
        while let Some((head, rest)) = extra.split_first_chunk::<SUBFIELD_HEAD>() {
            let length = usize::from(u16::from_le_bytes([head[2], head[3]]));
            let (content, others) = rest.split_at_checked(length).ok_or_else(damaged)?;
            if head[..2] == ID {
                return Metadata::of_record(content);
            }
            extra = others;
        }
        Err(damaged())
    }

    fn of_record(record: &[u8]) -> Result<Metadata, Corrupt> {
        let ([version, check @ ..], mut fields) =
            record.split_first_chunk::<RECORD_HEAD>().ok_or_else(damaged)?;
        if *version != VERSION {
            return Err(Corrupt::new(format!("metadata of version {version}")));
        }
        if *check != sum(fields) {
            return Err(damaged());
        }
        let mut metadata = Metadata::default();
        while !fields.is_empty() {
            let (head, rest) = fields.split_first_chunk::<FIELD_HEAD>().ok_or_else(damaged)?;
            let length = usize::from(u16::from_le_bytes([head[1], head[2]]));
            let (content, others) = rest.split_at_checked(length).ok_or_else(damaged)?;
            match head[0] {
                TAG => {
                    let (count, tag) = content.split_first_chunk::<COUNT_BYTES>().ok_or_else(damaged)?;
                    let (tag, count) = (Key::from_wtf8(tag), u64::from_le_bytes(*count));
                    metadata.tags.push(TagCount { tag, count });
                }
                ETAG => metadata.etag = Some(str::from_utf8(content).map_err(|_| damaged())?.into()),
                COST => {
                    let cost = content.try_into().map_err(|_| damaged())?;
                    metadata.cost = Some(u64::from_le_bytes(cost));
                }
                _ => {}
            }
            fields = others;
        }
        Ok(metadata)
    }
}

fn sum(fields: &[u8]) -> [u8; 4] {
    let mut crc = Crc::new();
    crc.update(fields);
    crc.sum().to_le_bytes()
}

/// Adds a field; `None` if it is too long.
fn put(kind: u8, content: &[u8], record: &mut Vec<u8>) -> Option<()> {
    let length = u16::try_from(content.len()).ok()?.to_le_bytes();
    record.push(kind);
    record.extend(length);
    record.extend(content);
    Some(())
}

fn damaged() -> Corrupt {
    Corrupt::new("metadata: damaged")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_metadata() -> impl Strategy<Value = Metadata> {
        let tag = ("\\PC{1,40}", any::<u64>())
            .prop_map(|(tag, count)| TagCount { tag: tag.as_str().into(), count });
        let tags = prop::collection::vec(tag, 0..20);
        let etag = prop::option::of("\\PC{0,40}".prop_map(|etag| Etag::from(etag.as_str())));
        let cost = prop::option::of(any::<u64>());
        (tags, etag, cost).prop_map(|(tags, etag, cost)| Metadata { tags, etag, cost })
    }

    /// An extra field with these fields in its record.
    fn extra_of(fields: &[u8]) -> Vec<u8> {
        let length = u16::try_from(RECORD_HEAD + fields.len()).expect("short").to_le_bytes();
        [&ID, &length[..], &[VERSION], &sum(fields), fields].concat()
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(metadata in any_metadata()) {
            let extra = metadata.to_extra().expect("short");
            prop_assert_eq!(Metadata::of_extra(&extra).expect("sound"), metadata);
        }

        #[test]
        fn fields_of_others_are_skipped(
            metadata in any_metadata(),
            kind in 4..=255_u8,
            content in any::<Vec<u8>>(),
        ) {
            let extra = metadata.to_extra().expect("short");
            let mut fields = extra[SUBFIELD_HEAD + RECORD_HEAD..].to_vec();
            put(kind, &content, &mut fields).expect("short");
            let other = [b"XY\x03\0abc", &extra_of(&fields)[..]].concat();
            prop_assert_eq!(Metadata::of_extra(&other).expect("sound"), metadata);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
            prop_assert!(Metadata::of_extra(&bytes).is_err());
            if let Ok(metadata) = Metadata::of_extra(&extra_of(&bytes)) {
                metadata.tags.iter().for_each(|tag| drop(tag.tag.to_utf16()));
            }
        }

        #[test]
        fn a_field_that_is_damaged_is_refused(
            metadata in any_metadata(),
            at in any::<prop::sample::Index>(),
            bit in 0..8,
        ) {
            let extra = metadata.to_extra().expect("short");
            let at = at.index(extra.len());
            let mut flipped = extra.clone();
            flipped[at] ^= 1_u8 << bit;
            prop_assert!(Metadata::of_extra(&flipped).is_err());
            prop_assert!(Metadata::of_extra(&extra[..at]).is_err());
        }
    }

    #[test]
    fn another_version_is_refused_and_so_is_no_record() {
        let mut extra = extra_of(b"");
        assert_eq!(Metadata::of_extra(&extra).expect("sound"), Metadata::default());
        extra[SUBFIELD_HEAD] = 2;
        for extra in [&extra[..], b"", b"XY\x03\0abc"] {
            assert!(Metadata::of_extra(extra).is_err());
        }
    }

    #[test]
    fn more_than_a_header_takes_is_not_written() {
        let of_bytes = |bytes| TagCount { tag: "x".repeat(bytes).as_str().into(), count: 1 };
        let of_tags = |tags| Metadata { tags, ..Metadata::default() };
        let mut most = of_tags((0..100).map(|_| of_bytes(512)).collect());
        (most.etag, most.cost) = (Some("x".repeat(MOST_ETAG_BYTES).into()), Some(u64::MAX));
        assert_eq!(Metadata::of_extra(&most.to_extra().expect("fits")).expect("sound"), most);
        assert!(most.fits());
        let [most, long] = [65_515, 65_516].map(|bytes| of_tags(vec![of_bytes(bytes)]));
        assert!(most.fits() && most.to_extra().is_some());
        assert!(!long.fits() && long.to_extra().is_none());
        assert_eq!(of_tags((0..200).map(|_| of_bytes(512)).collect()).to_extra(), None);
    }
}
