//! Rewrites objects as records of `msgpackr`: `0x40 | number` and the values, without the names.
//!
//! Two walks: the first finds the shape of each map, the second writes. Where records are read, the integers 64 to 127
//! must not be single bytes.

use hashbrown::HashMap;

use super::{
    Corrupt,
    known::rewrite_known,
    shapes::{LASTING, Lasting, MOST_NAMES, NUMBERS, Names, Shapes},
    walk::{Seen, Token, Visit, text as packed_text, token, walk},
};

/// The head of a definition: an extension of one byte, the number.
const DEFINITION: [u8; 2] = [0xd4, 0x72];

/// The result of a rewrite.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rewritten {
    /// The value with records.
    Records(Vec<u8>),
    /// There is nothing to gain, or only `msgpackr` can read it: the bytes stay as they are.
    Plain,
}

/// Checks a packed value, and rewrites it with records if it has objects that are worth it.
pub(super) fn rewrite(bytes: &[u8], depth: usize, shapes: &Shapes) -> Result<Rewritten, Corrupt> {
    if let Some(rewritten) = shapes.with_lasting(|lasting| rewrite_known(bytes, depth, lasting)) {
        return Ok(rewritten);
    }
    rewrite_any(bytes, depth, shapes)
}

/// The same, whatever the objects are.
pub(super) fn rewrite_any(bytes: &[u8], depth: usize, shapes: &Shapes) -> Result<Rewritten, Corrupt> {
    let lasting = shapes.lasting();
    let mut survey = Survey::new(bytes, shapes, &lasting);
    if walk(bytes, depth, &mut survey)? == Seen::Foreign {
        return Ok(Rewritten::Plain);
    }
    let Some(plan) = survey.plan() else { return Ok(Rewritten::Plain) };
    Ok(Rewritten::Records(plan.write(bytes)))
}

/// The shape of a map: none, a lasting number, or one among those of the message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    None,
    Lasting(u8),
    Local(u32),
}

struct Local {
    hash: u64,
    /// Where its names stand in the first object of it.
    names: Vec<(usize, usize)>,
    objects: u32,
    number: Option<u8>,
}

/// A map that has not ended.
struct Open {
    index: usize,
    first_name: usize,
    hash: u64,
    is_object: bool,
}

/// The first walk.
struct Survey<'a> {
    bytes: &'a [u8],
    shapes: &'a Shapes,
    lasting: &'a Lasting,
    open: Vec<Open>,
    /// Spans of the names of all open maps.
    names: Vec<(usize, usize)>,
    /// The shape of each map, in the order of their heads.
    found: Vec<Shape>,
    locals: Vec<Local>,
    by_hash: HashMap<u64, u32, foldhash::fast::RandomState>,
}

impl<'a> Survey<'a> {
    fn new(bytes: &'a [u8], shapes: &'a Shapes, lasting: &'a Lasting) -> Survey<'a> {
        Survey {
            bytes,
            shapes,
            lasting,
            open: Vec::new(),
            names: Vec::new(),
            found: Vec::new(),
            locals: Vec::new(),
            by_hash: HashMap::default(),
        }
    }

    fn shape(&mut self, hash: u64, first_name: usize) -> Shape {
        let (bytes, spans) = (self.bytes, &self.names[first_name..]);
        let text = |span: &(usize, usize)| &bytes[span.0..span.1];
        if let Some(id) = self.lasting.find(hash, spans.iter().map(text)) {
            return Shape::Lasting(id);
        }
        if let Some(&index) = self.by_hash.get(&hash) {
            let local = &mut self.locals[index as usize];
            if !local.names.iter().map(text).eq(spans.iter().map(text)) {
                return Shape::None;
            }
            local.objects += 1;
            return Shape::Local(index);
        }
        // Names that are no text read otherwise as a list of names than one by one.
        if !spans.iter().all(|span| std::str::from_utf8(packed_text(text(span))).is_ok()) {
            return Shape::None;
        }
        let index = u32::try_from(self.locals.len()).unwrap_or(u32::MAX);
        self.by_hash.insert(hash, index);
        self.locals.push(Local { hash, names: spans.to_vec(), objects: 1, number: None });
        Shape::Local(index)
    }

    /// Numbers the shapes of the message; `None` when no object becomes a record.
    fn plan(mut self) -> Option<Plan> {
        let mut repeated: Vec<_> = (0..self.locals.len()).filter(|at| self.locals[*at].objects > 1).collect();
        repeated.sort_by_key(|at| std::cmp::Reverse(self.locals[*at].objects));
        for (number, at) in (LASTING..NUMBERS).zip(repeated) {
            self.locals[at].number = Some(number);
        }
        for local in &self.locals {
            self.shapes.remember(local.hash, || names(self.bytes, &local.names));
        }
        let locals = self.locals;
        let pays = self.found.iter().any(|shape| match shape {
            Shape::None => false,
            Shape::Lasting(_) => true,
            Shape::Local(index) => locals[*index as usize].number.is_some(),
        });
        pays.then_some(Plan { found: self.found, locals })
    }
}

fn names(bytes: &[u8], spans: &[(usize, usize)]) -> Names {
    spans.iter().map(|(start, end)| Box::from(&bytes[*start..*end])).collect()
}

impl Visit for Survey<'_> {
    fn map(&mut self, entries: usize) {
        let is_object = (1..=MOST_NAMES).contains(&entries);
        self.open.push(Open { index: self.found.len(), first_name: self.names.len(), hash: 0, is_object });
        self.found.push(Shape::None);
    }

    fn key(&mut self, span: Option<(usize, usize)>) {
        let Some(open) = self.open.last_mut().filter(|open| open.is_object) else { return };
        match span {
            Some((start, end)) => {
                open.hash = self.shapes.hash(open.hash, &self.bytes[start..end]);
                self.names.push((start, end));
            }
            None => open.is_object = false,
        }
    }

    fn map_ends(&mut self) {
        let Some(open) = self.open.pop() else { return };
        if open.is_object {
            self.found[open.index] = self.shape(open.hash, open.first_name);
        }
        self.names.truncate(open.first_name);
    }
}

/// The output of the second walk.
struct Plan {
    found: Vec<Shape>,
    locals: Vec<Local>,
}

/// How the values of a level are written.
#[derive(Clone, Copy)]
struct Level {
    left: usize,
    /// Names are left out.
    is_record: bool,
}

impl Plan {
    fn write(mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len() + 16);
        let mut levels: Vec<Level> = Vec::with_capacity(8);
        let (mut at, mut copied, mut map) = (0, 0, 0);
        // The first walk has seen every token: none fails here.
        while let Ok((token, end)) = token(bytes, at) {
            let is_name = levels.last_mut().is_some_and(|level| {
                level.left -= 1;
                level.is_record && level.left % 2 == 1
            });
            if is_name {
                out.extend_from_slice(&bytes[copied..at]);
                copied = end;
            }
            match token {
                Token::SmallInteger => {
                    out.extend_from_slice(&bytes[copied..at]);
                    out.push(0xcc);
                    copied = at;
                }
                Token::Array(count) => levels.push(Level { left: count, is_record: false }),
                Token::Map(count) => {
                    let is_record = if let Some(number) = self.number(map) {
                        out.extend_from_slice(&bytes[copied..at]);
                        copied = end;
                        self.head(bytes, map, number, &mut out);
                        true
                    } else {
                        false
                    };
                    map += 1;
                    levels.push(Level { left: count * 2, is_record });
                }
                Token::Scalar | Token::Text | Token::Foreign => {}
            }
            while levels.pop_if(|level| level.left == 0).is_some() {}
            at = end;
        }
        out.extend_from_slice(&bytes[copied..]);
        out
    }

    fn number(&self, map: usize) -> Option<u8> {
        match self.found[map] {
            Shape::None => None,
            Shape::Lasting(number) => Some(number),
            Shape::Local(index) => self.locals[index as usize].number,
        }
    }

    /// Writes the head of a record; the first of a shape of the message defines it.
    fn head(&mut self, bytes: &[u8], map: usize, number: u8, out: &mut Vec<u8>) {
        if let Shape::Local(index) = self.found[map] {
            let names = std::mem::take(&mut self.locals[index as usize].names);
            if !names.is_empty() {
                out.extend_from_slice(&DEFINITION);
                out.push(0x40 | number);
                #[expect(clippy::cast_possible_truncation, reason = "at most MOST_NAMES")]
                let count = names.len() as u8;
                if count < 16 {
                    out.push(0x90 | count)
                } else {
                    out.extend_from_slice(&[0xdc, 0, count])
                }
                names.iter().for_each(|(start, end)| out.extend_from_slice(&bytes[*start..*end]));
                return;
            }
        }
        out.push(0x40 | number);
    }
}
