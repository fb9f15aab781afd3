//! A value on its way to JavaScript, whichever way it crosses.

use lazy_layers_engine::entry::key::Key;

use crate::raw::js::{Js, JsValue};

/// A value.
pub(crate) enum Crossing<'a> {
    /// A number.
    Number(f64),
    /// A text.
    Text(&'a str),
    /// A key, as text.
    Key(&'a Key),
    /// Undefined.
    Nothing,
}

impl<'a> Crossing<'a> {
    /// A text, if there is one.
    pub(crate) fn text(text: Option<&'a str>) -> Crossing<'a> {
        text.map_or(Crossing::Nothing, Crossing::Text)
    }

    /// A key as it was given.
    pub(crate) fn given(key: &'a Key) -> Crossing<'a> {
        key.as_number().map_or(Crossing::Key(key), Crossing::Number)
    }

    /// As a value of JavaScript's.
    pub(crate) fn value(&self, js: Js) -> JsValue {
        match self {
            Crossing::Number(number) => js.number(*number),
            Crossing::Text(text) => js.text(text),
            Crossing::Key(key) => js.key(key),
            Crossing::Nothing => js.undefined(),
        }
    }
}

/// Something whose fields cross as arguments of a call.
pub(crate) trait Fields {
    /// Puts them, in order.
    fn each(&self, put: &mut dyn FnMut(Crossing<'_>));
}
