//! The rewrite of values whose objects all have lasting shapes, as most have: one walk that checks and writes.
//!
//! The first name of an object and the number of its names tell the shape to expect. Each further name is compared with
//! that shape, and not hashed. Anything unexpected ends the walk; [`rewrite`](super::records::rewrite) then takes the
//! value from its begin. Where this walk succeeds, its result is the same.

use super::{
    records::Rewritten,
    shapes::{Lasting, MOST_NAMES, Names},
    walk::{Token, token},
};

/// A list or an object that has not ended.
struct Level<'a> {
    /// The values still to come; of an object without its names.
    left: usize,
    /// The names of an object that are still to come.
    names: std::slice::Iter<'a, Box<[u8]>>,
}

/// The rewritten value; `None` where it has to be looked at more closely.
pub(super) fn rewrite_known(bytes: &[u8], depth: usize, lasting: &Lasting) -> Option<Rewritten> {
    let mut writer = Writer { bytes, out: Vec::new(), copied: 0, has_records: false };
    let mut levels: Vec<Level<'_>> = Vec::with_capacity(8);
    let mut at = 0;
    loop {
        if let Some(level) = levels.last_mut() {
            level.left -= 1;
            if let Some(name) = level.names.next() {
                // A packed name has its length in front: the same bytes are the same name.
                if !bytes[at..].starts_with(name) {
                    return None;
                }
                writer.leave_out(at, name.len());
                at += name.len();
            }
        }
        let (token, end) = token(bytes, at).ok()?;
        let opened = match token {
            Token::Foreign => return None,
            Token::Scalar | Token::Text => None,
            // Without a record it stays as it is.
            Token::SmallInteger if !writer.has_records => return None,
            Token::SmallInteger => {
                writer.write(at, &[0xcc]);
                None
            }
            Token::Array(count) => Some((count, [].iter())),
            Token::Map(0) => Some((0, [].iter())),
            Token::Map(count) => {
                let (number, names) = expected(bytes, end, count, lasting)?;
                writer.write(at, &[0x40 | number]);
                writer.leave_out(at, end - at);
                writer.has_records = true;
                Some((count, names.iter()))
            }
        };
        at = end;
        if let Some((left, names)) = opened {
            if left > bytes.len() - at || levels.len() == depth {
                return None;
            }
            levels.push(Level { left, names });
        }
        while levels.pop_if(|level| level.left == 0).is_some() {}
        if levels.is_empty() {
            return (at == bytes.len()).then(|| writer.end());
        }
    }
}

/// The shape of an object of `count` names whose first name is at `at`.
fn expected<'a>(bytes: &[u8], at: usize, count: usize, lasting: &'a Lasting) -> Option<(u8, &'a Names)> {
    let (Token::Text, end) = token(bytes, at).ok().filter(|_| count <= MOST_NAMES)? else { return None };
    lasting.expected(count, &bytes[at..end])
}

struct Writer<'a> {
    bytes: &'a [u8],
    out: Vec<u8>,
    /// How many bytes were copied or left out.
    copied: usize,
    has_records: bool,
}

impl Writer<'_> {
    /// Copies what comes before `at`, then writes bytes.
    fn write(&mut self, at: usize, written: &[u8]) {
        self.copy_to(at);
        self.out.extend_from_slice(written);
    }

    /// Copies what comes before `at`, and leaves out some bytes there.
    fn leave_out(&mut self, at: usize, length: usize) {
        self.copy_to(at);
        self.copied = at + length;
    }

    fn copy_to(&mut self, at: usize) {
        if self.out.capacity() == 0 {
            self.out.reserve(self.bytes.len());
        }
        self.out.extend_from_slice(&self.bytes[self.copied..at]);
        self.copied = at;
    }

    fn end(mut self) -> Rewritten {
        if !self.has_records {
            return Rewritten::Plain;
        }
        self.copy_to(self.bytes.len());
        Rewritten::Records(self.out)
    }
}
