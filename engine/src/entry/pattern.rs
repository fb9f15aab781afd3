//! Key patterns: `*` is any run of characters, `?` exactly one, everything else is itself.
//!
//! A pattern is cut at its stars. The first segment has to start the key and the last to end it; those
//! between are looked for from left to right, each at the first place it occurs. Taking the first place
//! is always right, since it leaves the most of the key to the segments after it. Nothing is tried
//! twice: a literal segment is found by Knuth, Morris and Pratt in linear time, one with `?` by a
//! bit-parallel automaton that takes one machine word per 64 bytes of the segment and byte of the key.

use std::{fmt, sync::Arc};

use super::key::{Key, next_code_point};

/// A compiled pattern. Cloning it copies no text.
#[derive(Clone)]
pub struct Pattern(Arc<Compiled>);

struct Compiled {
    text: Box<[u8]>,
    shape: Shape,
}

enum Shape {
    /// Without a star.
    Whole(Box<[u8]>),
    Starred {
        first: Box<[u8]>,
        middle: Vec<Finder>,
        last: Box<[u8]>,
    },
}

impl Pattern {
    /// From text in WTF-8, as keys are.
    #[must_use]
    pub fn from_wtf8(text: &[u8]) -> Pattern {
        let mut segments = text.split(|&byte| byte == b'*');
        let first = segments.next().unwrap_or_default().into();
        let shape = match segments.next_back() {
            None => Shape::Whole(first),
            Some(last) => {
                let middle = segments.filter(|segment| !segment.is_empty()).map(Finder::new).collect();
                Shape::Starred { first, middle, last: last.into() }
            }
        };
        Pattern(Arc::new(Compiled { text: text.into(), shape }))
    }

    /// The text in WTF-8.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0.text
    }

    /// The text as a key, where either may be named.
    #[must_use]
    pub fn as_key(&self) -> Key {
        Key::from_wtf8(self.as_bytes())
    }

    /// Whether every key matches because there is nothing but stars.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        !self.0.text.is_empty() && self.0.text.iter().all(|&byte| byte == b'*')
    }

    /// Whether a key, in WTF-8, matches from its start to its end.
    #[must_use]
    pub fn matches(&self, key: &[u8]) -> bool {
        match &self.0.shape {
            Shape::Whole(segment) => after_start(key, segment).is_some_and(<[u8]>::is_empty),
            Shape::Starred { first, middle, last } => {
                let Some(rest) = after_start(key, first) else { return false };
                let Some(mut rest) = before_end(rest, last) else { return false };
                for finder in middle {
                    let Some(end) = finder.first_end(rest) else { return false };
                    rest = &rest[end..];
                }
                true
            }
        }
    }
}

impl From<&str> for Pattern {
    fn from(text: &str) -> Pattern {
        Pattern::from_wtf8(text.as_bytes())
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Pattern({:?})", String::from_utf8_lossy(self.as_bytes()))
    }
}

/// The text after `segment` at the start of `text`.
fn after_start<'a>(text: &'a [u8], segment: &[u8]) -> Option<&'a [u8]> {
    let mut text = text;
    for &byte in segment {
        let length =
            if byte == b'?' { next_code_point(text)?.1 } else { (*text.first()? == byte).then_some(1)? };
        text = &text[length..];
    }
    Some(text)
}

/// The text before `segment` at the end of `text`.
fn before_end<'a>(text: &'a [u8], segment: &[u8]) -> Option<&'a [u8]> {
    let mut text = text;
    for &byte in segment.iter().rev() {
        let length = if byte == b'?' {
            text.iter().rev().position(|&byte| !is_continuation(byte))? + 1
        } else {
            (*text.last()? == byte).then_some(1)?
        };
        text = &text[..text.len() - length];
    }
    Some(text)
}

/// Whether a byte belongs to the character of the byte before it.
fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

/// Looks for one segment between two stars; the segment is not empty.
enum Finder {
    Literal {
        segment: Box<[u8]>,
        /// At each place, how much of the segment's start also ends there.
        borders: Box<[usize]>,
    },
    Wild(Automaton),
}

impl Finder {
    fn new(segment: &[u8]) -> Finder {
        if segment.contains(&b'?') {
            Finder::Wild(Automaton::new(segment))
        } else {
            Finder::Literal { segment: segment.into(), borders: borders(segment) }
        }
    }

    /// Where the first occurrence in `text` ends.
    fn first_end(&self, text: &[u8]) -> Option<usize> {
        match self {
            Finder::Wild(automaton) => automaton.first_end(text),
            Finder::Literal { segment, borders } => {
                let mut matched = 0;
                let found = text.iter().position(|&byte| {
                    matched = extend(segment, borders, matched, byte);
                    matched == segment.len()
                });
                found.map(|last| last + 1)
            }
        }
    }
}

fn borders(segment: &[u8]) -> Box<[usize]> {
    let mut borders = vec![0; segment.len()];
    let mut matched = 0;
    for (index, &byte) in segment.iter().enumerate().skip(1) {
        matched = extend(segment, &borders, matched, byte);
        borders[index] = matched;
    }
    borders.into()
}

/// How much of the segment is matched once `byte` follows `matched` bytes of it (not all of it).
fn extend(segment: &[u8], borders: &[usize], mut matched: usize, byte: u8) -> usize {
    while matched > 0 && segment[matched] != byte {
        matched = borders[matched - 1];
    }
    matched + usize::from(segment[matched] == byte)
}

/// Matches a segment with `?` at every place of a text at once: a bit per byte of the segment says
/// whether the text read so far ends in the segment up to that byte (Baeza-Yates and Gonnet, 1992).
/// A `?` is entered by the first byte of a character and kept by those that continue it.
struct Automaton {
    words: usize,
    /// For each byte value, `words` words: the bits it may enter.
    enter: Box<[u64]>,
    /// The bits that are `?`.
    any: Box<[u64]>,
    /// The last bit, in the last word.
    accept: u64,
}

impl Automaton {
    fn new(segment: &[u8]) -> Automaton {
        let words = segment.len().div_ceil(64);
        let mut enter = vec![0; 256 * words].into_boxed_slice();
        let mut any = vec![0; words].into_boxed_slice();
        for (index, &byte) in segment.iter().enumerate() {
            let (word, bit) = (index / 64, 1 << (index % 64));
            if byte == b'?' {
                any[word] |= bit;
                let starts = (0..=u8::MAX).filter(|&byte| !is_continuation(byte));
                starts.for_each(|byte| enter[usize::from(byte) * words + word] |= bit);
            } else {
                enter[usize::from(byte) * words + word] |= bit;
            }
        }
        Automaton { words, enter, any, accept: 1 << ((segment.len() - 1) % 64) }
    }

    fn first_end(&self, text: &[u8]) -> Option<usize> {
        let mut state = vec![0_u64; self.words];
        for (index, &byte) in text.iter().enumerate() {
            self.step(&mut state, byte);
            let at_end = state[self.words - 1] & self.accept != 0;
            if at_end && text.get(index + 1).is_none_or(|&next| !is_continuation(next)) {
                return Some(index + 1);
            }
        }
        None
    }

    fn step(&self, state: &mut [u64], byte: u8) {
        let row = &self.enter[usize::from(byte) * self.words..][..self.words];
        let kept = if is_continuation(byte) { u64::MAX } else { 0 };
        let mut carry = 1;
        for ((bits, enter), any) in state.iter_mut().zip(row).zip(&self.any) {
            let next = *bits >> 63;
            *bits = ((*bits << 1 | carry) & enter) | (*bits & any & kept);
            carry = next;
        }
    }
}

#[cfg(test)]
mod tests;
