//! One walk over a packed value: every length is checked against the present bytes before anything relies on it.
//!
//! The dialect is that of `msgpackr`'s plain `pack`. Its `unpack` knows more: records, tagged and bundled values, and
//! extensions that users register. Only `unpack` can tell where the parts of these are, so a value that has any is
//! neither walked to the end nor rewritten, but read as it is.

use super::Corrupt;

/// One token: a scalar with all its bytes, or the head of an array or map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// Anything that is complete.
    Scalar,
    /// A small integer that stands for a record where records are read.
    SmallInteger,
    /// A string.
    Text,
    /// An array with this number of values.
    Array(usize),
    /// A map with this number of keys and values.
    Map(usize),
    /// A value that only `msgpackr` can read.
    Foreign,
}

/// Extensions of the plain dialect, each complete in its own bytes: undefined, big integers, typed arrays, dates.
const COMPLETE: [u8; 4] = [0x00, 0x42, 0x74, 0xff];

/// The token at `at`, and where it ends.
pub(super) fn token(bytes: &[u8], at: usize) -> Result<(Token, usize), Corrupt> {
    let first = *bytes.get(at).ok_or_else(truncated)?;
    let next = at + 1;
    let sized = |token, length: usize, from: usize| {
        let end = from.checked_add(length).filter(|end| *end <= bytes.len());
        end.map(|end| (token, end)).ok_or_else(truncated)
    };
    let length = |width| number(bytes, next, width);
    Ok(match first {
        0x00..=0x3f | 0xe0..=0xff | 0xc0..=0xc3 => (Token::Scalar, next),
        0x40..=0x7f => (Token::SmallInteger, next),
        0x80..=0x8f => (Token::Map(usize::from(first & 0x0f)), next),
        0x90..=0x9f => (Token::Array(usize::from(first & 0x0f)), next),
        0xa0..=0xbf => return sized(Token::Text, usize::from(first & 0x1f), next),
        0xc4..=0xc6 => {
            let width = 1 << (first - 0xc4);
            return sized(Token::Scalar, length(width)?, next + width);
        }
        0xc7..=0xc9 => {
            let width = 1 << (first - 0xc7);
            return extension(bytes, length(width)?, next + width);
        }
        0xca | 0xce | 0xd2 => return sized(Token::Scalar, 4, next),
        0xcb | 0xcf | 0xd3 => return sized(Token::Scalar, 8, next),
        0xcc | 0xd0 => return sized(Token::Scalar, 1, next),
        0xcd | 0xd1 => return sized(Token::Scalar, 2, next),
        0xd4..=0xd8 => return extension(bytes, 1 << (first - 0xd4), next),
        0xd9..=0xdb => {
            let width = 1 << (first - 0xd9);
            return sized(Token::Text, length(width)?, next + width);
        }
        0xdc => (Token::Array(length(2)?), next + 2),
        0xdd => (Token::Array(length(4)?), next + 4),
        0xde => (Token::Map(length(2)?), next + 2),
        0xdf => (Token::Map(length(4)?), next + 4),
    })
}

fn extension(bytes: &[u8], length: usize, at: usize) -> Result<(Token, usize), Corrupt> {
    let kind = *bytes.get(at).ok_or_else(truncated)?;
    let end = (at + 1).checked_add(length).filter(|end| *end <= bytes.len()).ok_or_else(truncated)?;
    Ok((if COMPLETE.contains(&kind) { Token::Scalar } else { Token::Foreign }, end))
}

/// A big-endian number of 1, 2 or 4 bytes.
fn number(bytes: &[u8], at: usize, width: usize) -> Result<usize, Corrupt> {
    let digits = bytes.get(at..at + width).ok_or_else(truncated)?;
    Ok(digits.iter().fold(0, |number, digit| number << 8 | usize::from(*digit)))
}

fn truncated() -> Corrupt {
    Corrupt::new("msgpack: ends too early")
}

/// The bytes of a packed string behind its head; of anything else something that is no name.
pub(crate) fn text(packed: &[u8]) -> &[u8] {
    let head = match packed.first() {
        Some(0xa0..=0xbf) => 1,
        Some(0xd9) => 2,
        Some(0xda) => 3,
        Some(0xdb) => 5,
        _ => return &[],
    };
    packed.get(head..).unwrap_or_default()
}

/// The events of a walk, in order.
pub(super) trait Visit {
    /// A map with this number of entries begins.
    fn map(&mut self, entries: usize);
    /// A key of the innermost map, from `start` to `end`; `None` when it is no string.
    fn key(&mut self, span: Option<(usize, usize)>);
    /// The innermost map ends.
    fn map_ends(&mut self);
}

/// Whether a walk saw the whole value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// One value and nothing after it.
    Whole,
    /// It holds a value that only `msgpackr` can read.
    Foreign,
}

#[derive(Clone, Copy)]
struct Level {
    is_map: bool,
    /// The number of values still to come, keys included.
    left: usize,
}

/// Walks over one packed value, the only one there is.
pub(super) fn walk(bytes: &[u8], depth: usize, visit: &mut impl Visit) -> Result<Seen, Corrupt> {
    let Some(end) = walk_from(bytes, 0, depth, visit)? else { return Ok(Seen::Foreign) };
    match bytes.len() - end {
        0 => Ok(Seen::Whole),
        rest => Err(Corrupt::new(format!("msgpack: {rest} bytes too many"))),
    }
}

/// Walks over the packed value at `at`. Returns where it ends, `None` when that is not known.
fn walk_from(
    bytes: &[u8],
    mut at: usize,
    depth: usize,
    visit: &mut impl Visit,
) -> Result<Option<usize>, Corrupt> {
    let mut levels: Vec<Level> = Vec::with_capacity(8);
    loop {
        let (token, end) = token(bytes, at)?;
        let is_key = levels.last_mut().is_some_and(|level| {
            level.left -= 1;
            level.is_map && level.left % 2 == 1
        });
        if is_key {
            visit.key((token == Token::Text).then_some((at, end)));
        }
        at = end;
        let opened = match token {
            Token::Foreign => return Ok(None),
            Token::Array(count) => Some(Level { is_map: false, left: count }),
            Token::Map(count) => {
                visit.map(count);
                Some(Level { is_map: true, left: count.saturating_mul(2) })
            }
            Token::Scalar | Token::SmallInteger | Token::Text => None,
        };
        if let Some(level) = opened {
            if level.left > bytes.len() - at {
                return Err(truncated());
            }
            if levels.len() == depth {
                return Err(Corrupt::new(format!("msgpack: nested deeper than {depth} levels")));
            }
            levels.push(level);
        }
        while let Some(level) = levels.pop_if(|level| level.left == 0) {
            if level.is_map {
                visit.map_ends();
            }
        }
        if levels.is_empty() {
            return Ok(Some(at));
        }
    }
}

struct Nothing;

impl Visit for Nothing {
    fn map(&mut self, _: usize) {}
    fn key(&mut self, _: Option<(usize, usize)>) {}
    fn map_ends(&mut self) {}
}

/// Checks a packed value: every declared length is there, it has at most `depth` levels, and nothing follows it.
///
/// # Errors
/// The first fault in the value.
pub fn check(packed: &[u8], depth: usize) -> Result<(), Corrupt> {
    walk(packed, depth, &mut Nothing).map(drop)
}

/// Where the packed value at `at` ends; `None` when only `msgpackr` can read it.
///
/// # Errors
/// The first fault in the value.
pub(crate) fn end_of(packed: &[u8], at: usize, depth: usize) -> Result<Option<usize>, Corrupt> {
    match token(packed, at)? {
        (Token::Array(_) | Token::Map(_), _) => walk_from(packed, at, depth, &mut Nothing),
        (Token::Foreign, _) => Ok(None),
        (Token::Scalar | Token::SmallInteger | Token::Text, end) => Ok(Some(end)),
    }
}

/// The entries of the packed map that begins, and where the first of them is.
///
/// # Errors
/// When it is no map, or shorter than it says.
pub(crate) fn map_head(packed: &[u8]) -> Result<(usize, usize), Corrupt> {
    match token(packed, 0)? {
        (Token::Map(entries), at) => Ok((entries, at)),
        _ => Err(Corrupt::new("msgpack: not a map")),
    }
}
