//! The methods of custom stores and buses that Rust calls, and their arguments.

use lazy_layers_engine::entry::key::Key;

use super::crossing::Fields;
use crate::raw::js::{Js, JsValue};

/// The slot of a value.
type SlotIndex = u32;

/// Something that crosses with a call of a method.
trait Crosses {
    /// Its type in JavaScript; of several arguments that of an array of them.
    #[cfg(test)]
    const TYPE: &'static str;

    /// Adds it to the arguments of a call.
    fn push(&self, js: Js, args: &mut Vec<JsValue>);
}

/// Implements [`Crosses`]: a type, its type in JavaScript, its value.
macro_rules! crosses {
    ($($type:ty = $name:literal, |$js:ident, $value:ident| $crossing:expr;)+) => {$(
        impl Crosses for $type {
            #[cfg(test)]
            const TYPE: &'static str = $name;

            fn push(&self, $js: Js, args: &mut Vec<JsValue>) {
                let $value = self;
                args.push($crossing);
            }
        }
    )+};
}

crosses! {
    &Key = "string", |js, key| js.key(key);
    SlotIndex = "number", |js, slot| js.number(f64::from(*slot));
    Option<SlotIndex> = "number", |js, slot| js.number(slot.map_or(-1.0, f64::from));
    &str = "string", |js, text| js.text(text);
    Option<&str> = "string | undefined", |js, text| text.map_or(js.undefined(), |text| js.text(text));
    f64 = "number", |js, number| js.number(*number);
}

impl Crosses for &dyn Fields {
    #[cfg(test)]
    const TYPE: &'static str = "MessageFields";

    fn push(&self, js: Js, args: &mut Vec<JsValue>) {
        self.each(&mut |crossing| args.push(crossing.value(js)));
    }
}

/// A method as JavaScript knows it.
#[cfg(test)]
pub(super) struct Method {
    pub(super) about: &'static str,
    pub(super) name: &'static str,
    /// Name and type of each argument.
    pub(super) arguments: &'static [(&'static str, &'static str)],
}

/// Declares methods: a description, the variant, the name, the arguments.
macro_rules! methods {
    ($(#[doc = $about:literal] $variant:ident $name:literal { $($argument:ident: $type:ty),* $(,)? })+) => {
        /// A call of a method, with its arguments.
        #[derive(Clone, Copy)]
        pub(crate) enum Invocation<'a> {
            $(#[doc = $about] $variant { $($argument: $type),* },)+
        }

        #[derive(Clone, Copy)]
        enum Number {
            $($variant,)+
        }

        /// The names, by number.
        #[cfg(test)]
        pub(super) const METHODS: &[&str] = &[$($name,)+];

        impl<'a> Invocation<'a> {
            /// The methods, by number.
            #[cfg(test)]
            pub(super) const METHODS: &'static [Method] = &[$(Method {
                about: $about,
                name: $name,
                arguments: &[$((stringify!($argument), <$type as Crosses>::TYPE),)*],
            },)+];

            /// The number of the method.
            pub(crate) fn number(&self) -> f64 {
                let number = match self {
                    $(Invocation::$variant { .. } => Number::$variant,)+
                };
                f64::from(number as u8)
            }

            /// Adds the arguments to those of a call.
            pub(crate) fn push(&self, js: Js, args: &mut Vec<JsValue>) {
                match self {
                    $(Invocation::$variant { $($argument),* } => {
                        $(Crosses::push($argument, js, args);)*
                    })+
                }
            }
        }
    };
}

methods! {
    /// Reads an entry.
    Get "get" { key: &'a Key }
    /// Stores an entry; without a lifetime (NaN) the store uses its default.
    Set "set" { key: &'a Key, slot: SlotIndex, ttl_ms: f64, options: Option<SlotIndex> }
    /// Looks for an entry.
    Has "has" { key: &'a Key }
    /// Deletes an entry.
    Delete "delete" { key: &'a Key }
    /// Deletes entries.
    DeleteByPattern "deleteByPattern" { pattern: &'a Key }
    /// Counts entries.
    Size "size" {}
    /// Takes a lock.
    AcquireLock "acquireLock" { key: &'a Key, token: &'a str, ttl_ms: f64 }
    /// Returns a lock.
    ReleaseLock "releaseLock" { key: &'a Key, token: &'a str }
    /// Publishes a message.
    Publish "publish" { message: &'a dyn Fields }
}
