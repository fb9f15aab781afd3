//! The functions and arrays that `src/bridge.js` passes to Rust at set-up: by name, so that the order does not
//! matter.

use std::sync::atomic::{AtomicU32, AtomicU64};

use crate::raw::{
    bytes::Scratch,
    js::{Js, JsFunction, JsKept, JsValue, Unexpected},
    memory::Shared,
};

/// Declares the properties of an object: each has the name of its field, and is read by that function.
macro_rules! named {
    ($(#[doc = $about:literal])* $name:ident { $($(#[doc = $of:literal])* $field:ident: $type:ty = $read:expr;)+ }) => {
        $(#[doc = $about])*
        pub(crate) struct $name {
            $($(#[doc = $of])* pub(crate) $field: $type,)+
        }

        impl $name {
            /// Takes them from an object.
            pub(crate) fn of(js: Js, object: JsValue) -> Result<$name, Unexpected> {
                Ok($name { $($field: $read(js, js.property(object, stringify!($field))?)?,)+ })
            }
        }
    };
}

named! {
    /// The functions of the bridge.
    Functions {
        /// Calls a method of a custom store or bus.
        call: JsFunction = Js::keep_function;
        /// Measures a message.
        measure: JsFunction = Js::keep_function;
        /// Takes answers that came later.
        deliver: JsFunction = Js::keep_function;
        /// Takes an event.
        emit: JsFunction = Js::keep_function;
        /// Takes events that are told together.
        tell: JsFunction = Js::keep_function;
        /// Packs the value in a slot.
        pack: JsFunction = Js::keep_function;
        /// Reads a value and puts it into a slot.
        unpack: JsFunction = Js::keep_function;
        /// Reads several values and puts each into a slot.
        unpackall: JsFunction = Js::keep_function;
        /// Takes a shape that records will name.
        shape: JsFunction = Js::keep_function;
        /// Takes an entry of a store that is looked into.
        visit: JsFunction = Js::keep_function;
        /// Takes an item of an event bus.
        hear: JsFunction = Js::keep_function;
        /// Prints a line of the log.
        log: JsFunction = Js::keep_function;
    }
}

named! {
    /// The memory that JavaScript shares with its environment's instance. The bridge holds it for as long as
    /// that lives.
    SharedArrays {
        /// Where answers that came later are written.
        out: Shared<AtomicU64> = Js::float64_array;
        /// Where events that are told together are written.
        lines: Shared<AtomicU64> = Js::float64_array;
        /// Where the options of a call are read.
        params: Shared<AtomicU64> = Js::float64_array;
        /// The texts among them.
        texts: JsKept = Js::keep;
        /// The time.
        clock: Shared<AtomicU64> = Js::float64_array;
        /// Work that has come up by the end of a call.
        pending: Shared<AtomicU32> = Js::uint32_array;
        /// Until when the load of each request may be joined.
        joinable: Shared<AtomicU64> = Js::float64_array;
        /// Where small values are handed over as bytes.
        scratch: Scratch = Js::scratch;
        /// A number that comes with a value handed over.
        transfer: Shared<AtomicU64> = Js::float64_array;
    }
}
