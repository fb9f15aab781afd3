//! The fields of events, for code that hands them on without knowing each event.

use std::time::Duration;

use super::event::{Levels, LoaderFailure};
use crate::{
    bus::Message,
    clock::Ttl,
    entry::{key::Key, pattern::Pattern},
    value::Failure,
    words::Word,
};

/// The value of a field of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A key.
    Key,
    /// A key, if there is one.
    OptionalKey,
    /// A pattern of keys.
    Pattern,
    /// One of these words, by number.
    Word(&'static [&'static str]),
    /// A text.
    Text,
    /// True, or left out.
    Flag,
    /// A number.
    Number,
    /// A number, if it is known.
    OptionalNumber,
    /// Layers.
    Levels,
    /// The failure.
    Failure,
    /// The failure, if there was one.
    OptionalFailure,
    /// The outcome of a loader.
    LoaderFailure,
    /// A message.
    Message,
}

/// The value of a field.
#[derive(Debug)]
#[expect(missing_docs, reason = "each is the value of the kinds of that name")]
pub enum FieldValue<'a, V> {
    Key(&'a Key),
    Pattern(&'a Pattern),
    Text(&'a str),
    /// A number, the number of a word, 1 or 0 for a flag, or the bits of [`Levels`].
    Number(f64),
    Failure(&'a Failure<V>),
    LoaderFailure(&'a LoaderFailure<V>),
    Message(&'a Message<V>),
    Nothing,
}

/// A type of fields.
pub trait Field<V> {
    /// Its value.
    const KIND: FieldKind;
    /// Its value.
    fn value(&self) -> FieldValue<'_, V>;
}

/// Implements [`Field`]: a type, its kind, its value.
macro_rules! fields {
    ($($type:ty = $kind:expr, |$field:ident| $value:expr;)+) => {$(
        impl<V> Field<V> for $type {
            const KIND: FieldKind = $kind;

            fn value(&self) -> FieldValue<'_, V> {
                let $field = self;
                $value
            }
        }
    )+};
}

fields! {
    Key = FieldKind::Key, |key| FieldValue::Key(key);
    Option<Key> = FieldKind::OptionalKey, |key| key.as_ref().map_or(FieldValue::Nothing, FieldValue::Key);
    Pattern = FieldKind::Pattern, |pattern| FieldValue::Pattern(pattern);
    &'static str = FieldKind::Text, |text| FieldValue::Text(text);
    String = FieldKind::Text, |text| FieldValue::Text(text);
    bool = FieldKind::Flag, |flag| FieldValue::Number(f64::from(u8::from(*flag)));
    u64 = FieldKind::Number, |count| FieldValue::Number(number(*count));
    Duration = FieldKind::Number, |time| FieldValue::Number(time.as_secs_f64() * 1000.0);
    Option<Duration> = FieldKind::OptionalNumber,
        |time| time.map_or(FieldValue::Nothing, |time| FieldValue::Number(time.as_secs_f64() * 1000.0));
    Ttl = FieldKind::Number, |ttl| FieldValue::Number(ttl.as_millis_f64());
    Levels = FieldKind::Levels, |levels| FieldValue::Number(f64::from(levels.bits()));
    Failure<V> = FieldKind::Failure, |failure| FieldValue::Failure(failure);
    Option<Failure<V>> = FieldKind::OptionalFailure,
        |failure| failure.as_ref().map_or(FieldValue::Nothing, FieldValue::Failure);
    LoaderFailure<V> = FieldKind::LoaderFailure, |failure| FieldValue::LoaderFailure(failure);
    Message<V> = FieldKind::Message, |message| FieldValue::Message(message);
}

impl<V, W: Word> Field<V> for W {
    const KIND: FieldKind = FieldKind::Word(W::WORDS);

    fn value(&self) -> FieldValue<'_, V> {
        FieldValue::Number(f64::from(self.number()))
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts, bytes and generations fit 53 bits")]
fn number(count: u64) -> f64 {
    count as f64
}
