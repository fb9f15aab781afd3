//! Several events in one payload: the first is written as an event of its own, the others are in its field `more`,
//! which comes before all others.
//!
//! ```text
//! { more: [common, event, event, …], the fields that all events have, the other fields of the first event }
//! ```
//!
//! `common` is the number of the fields that follow `more` and hold for all events. Each of the other events is a map
//! with the rest of its fields, as binary: so events are told apart without a look at their values, of which only
//! `msgpackr` can read some, and one that is damaged costs none but itself. An event in `more` has no `more`.

use rmp::{decode, encode};

use super::{
    EVENT_BYTES,
    decode::ENTRIES,
    encode::{map_head, text, whole},
};
use crate::codec::{self, Encoding, Limits};

/// The most events that are taken from one payload.
const EVENTS: usize = 1000;
const MORE: &str = "more";

/// Several events in `MessagePack` as one, without the prefix of a payload. `None` if there are not at least two, or if
/// one of them cannot be taken apart: `msgpackr` alone can read a part of it.
#[must_use]
pub fn together(events: &[&[u8]]) -> Option<Vec<u8>> {
    let events = events.iter().map(|event| fields_of(event)).collect::<Option<Vec<_>>>()?;
    let (first, others) = events.split_first().filter(|(_, others)| !others.is_empty())?;
    let (mut common, mut own) = (Vec::with_capacity(ENTRIES), Vec::with_capacity(ENTRIES));
    for (at, field) in first.iter().copied().enumerate() {
        let is_common = others.iter().all(|other| has(other, at, field));
        if is_common { &mut common } else { &mut own }.push(field);
    }
    let bytes: usize = events.iter().flatten().map(|field| field.len()).sum();
    let mut joined = Vec::with_capacity(bytes);
    map_head(&mut joined, count(first.len() + 1));
    text(&mut joined, MORE.as_bytes());
    encode::write_array_len(&mut joined, count(others.len() + 1)).ok()?;
    whole(&mut joined, common.len() as u64);
    for other in others {
        let own: Vec<&[u8]> = other.iter().copied().filter(|field| !common.contains(field)).collect();
        encode::write_bin(&mut joined, &map_of(&own)).ok()?;
    }
    common.iter().chain(&own).for_each(|field| joined.extend_from_slice(field));
    Some(joined)
}

fn map_of(fields: &[&[u8]]) -> Vec<u8> {
    let mut map = Vec::with_capacity(5 + fields.iter().map(|field| field.len()).sum::<usize>());
    map_head(&mut map, count(fields.len()));
    fields.iter().for_each(|field| map.extend_from_slice(field));
    map
}

/// Whether an event has a field. Events of one kind have it at the same place.
fn has(event: &[&[u8]], at: usize, field: &[u8]) -> bool {
    event.get(at) == Some(&field) || event.contains(&field)
}

fn count(fields: usize) -> u32 {
    u32::try_from(fields).unwrap_or(u32::MAX)
}

/// The fields of an event, each with its name.
fn fields_of(event: &[u8]) -> Option<Vec<&[u8]>> {
    let (entries, at) = codec::map_head(event).ok()?;
    let (fields, rest) = take_fields(event.get(at..)?, entries)?;
    rest.is_empty().then_some(fields)
}

/// That many fields from the beginning of `bytes`, and the bytes after them.
fn take_fields(mut bytes: &[u8], count: usize) -> Option<(Vec<&[u8]>, &[u8])> {
    let depth = Limits::default().depth;
    let mut fields = Vec::with_capacity(count.min(ENTRIES));
    for _ in 0..count {
        let name_ends = codec::end_of(bytes, 0, depth).ok()??;
        let (field, rest) = bytes.split_at(codec::end_of(bytes, name_ends, depth).ok()??);
        fields.push(field);
        bytes = rest;
    }
    Some((fields, bytes))
}

/// The payloads of the events in a payload, each as if it had been sent alone. One that has no other events, or more
/// than the limits allow, comes back as it is, and is read as its first event.
#[must_use]
pub fn apart(payload: Vec<u8>) -> Vec<Vec<u8>> {
    events_of(&payload).unwrap_or_else(|| vec![payload])
}

fn events_of(payload: &[u8]) -> Option<Vec<Vec<u8>>> {
    let packed = payload.strip_prefix(Encoding::Msgpack.prefix())?;
    let (entries, at) = codec::map_head(packed).ok()?;
    let mut rest = &packed[at..];
    let name = codec::end_of(rest, 0, 1).ok()??;
    if codec::text(&rest[..name]) != MORE.as_bytes() {
        return None;
    }
    rest = &rest[name..];
    let others = usize::try_from(decode::read_array_len(&mut rest).ok()?).ok()?.checked_sub(1)?;
    let common: usize = decode::read_int(&mut rest).ok()?;
    if others >= EVENTS || common >= entries || common > ENTRIES || payload.len() > EVENT_BYTES {
        return None;
    }
    let mut own = Vec::with_capacity(others);
    for _ in 0..others {
        let length = usize::try_from(decode::read_bin_len(&mut rest).ok()?).ok()?;
        let (event, after) = rest.split_at_checked(length)?;
        own.push(event);
        rest = after;
    }
    let shared = Shared { count: common, fields: &rest[..rest.len() - take_fields(rest, common)?.1.len()] };
    if payload.len() + shared.fields.len() * others > EVENT_BYTES {
        return None;
    }
    let first = event(entries - 1, &[], rest);
    Some(std::iter::once(first).chain(own.into_iter().map(|own| shared.with(own))).collect())
}

/// The fields that all events of a payload have.
struct Shared<'a> {
    count: usize,
    fields: &'a [u8],
}

impl Shared<'_> {
    /// The payload of an event that has other fields, too. Anything but a map stays as it is: it is no event.
    fn with(&self, own: &[u8]) -> Vec<u8> {
        match codec::map_head(own) {
            Ok((entries, at)) => event(entries.saturating_add(self.count), self.fields, &own[at..]),
            Err(_) => [Encoding::Msgpack.prefix(), own].concat(),
        }
    }
}

fn event(entries: usize, fields: &[u8], more: &[u8]) -> Vec<u8> {
    let prefix = Encoding::Msgpack.prefix();
    let mut payload = Vec::with_capacity(prefix.len() + 5 + fields.len() + more.len());
    payload.extend_from_slice(prefix);
    map_head(&mut payload, count(entries));
    payload.extend_from_slice(fields);
    payload.extend_from_slice(more);
    payload
}

#[cfg(test)]
mod tests;
