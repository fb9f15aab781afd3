//! Options as they cross: a `Float64Array` with a number per option, NaN where none is given, and an array of
//! texts.
//!
//! The number of an option that is text is the place of its texts: first how many there are, then they.

use std::sync::atomic::AtomicU64;

use lazy_layers_engine::entry::key::Key;

use crate::raw::{
    js::{Js, JsKept, JsValue, Unexpected},
    memory::Shared,
};

/// A record of options.
pub(crate) struct Record<'a> {
    numbers: &'a Shared<AtomicU64>,
    texts: (Js, JsKept),
}

impl<'a> Record<'a> {
    /// The record in these arrays.
    pub(crate) fn new(numbers: &'a Shared<AtomicU64>, texts: (Js, JsKept)) -> Record<'a> {
        Record { numbers, texts }
    }

    /// The number of an option, if it is given.
    pub(crate) fn number(&self, at: usize) -> Option<f64> {
        let number = self.numbers.load(at);
        (!number.is_nan()).then_some(number)
    }

    /// The texts of an option, if it is given.
    pub(crate) fn texts(&self, at: usize) -> Option<Vec<String>> {
        self.each(at, Js::read_text)
    }

    /// The same of names that are compared with others as keys are.
    pub(crate) fn keys(&self, at: usize) -> Option<Vec<Key>> {
        self.each(at, Js::read_key)
    }

    fn each<T>(&self, at: usize, read: fn(Js, JsValue) -> Result<T, Unexpected>) -> Option<Vec<T>> {
        let place = self.index(at)?;
        let (js, kept) = self.texts;
        let texts = js.kept(kept);
        let count = js.element(texts, place).and_then(|count| js.read_u32(count)).ok()?;
        (1..=count).map(|text| js.element(texts, place + text).and_then(|text| read(js, text)).ok()).collect()
    }

    /// The number of an option that is a place or a slot, if it is given.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a slot or a place")]
    pub(crate) fn index(&self, at: usize) -> Option<u32> {
        self.number(at).map(|number| number as u32)
    }
}
