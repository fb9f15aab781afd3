//! The arguments of exported functions and their results, by type.

use std::{
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU32, AtomicU64},
    },
};

use lazy_layers_drivers::bus::EventBus;
use lazy_layers_engine::{bus::MessageKind, entry::key::Key, words::Word};

use super::current;
use crate::{
    contract::{Arrival, Coded, Derived, Loaded, Report, Retry, SessionNews, Verdict},
    instance::{Instance, NativeCache},
    memory::Storage,
    raw::{
        call::{self, Answers, Args, Fault},
        js::{Js, JsValue, Unexpected},
        memory::Shared,
    },
    redis_store::RedisDriver,
    reply::Answer,
    settle,
};

/// A value that a call returns.
pub(crate) type ReturnValue = call::ReturnValue<Answer>;

impl Answers for Answer {
    fn number(&self) -> f64 {
        Answer::number(self)
    }

    fn left(is_answer: bool) {
        settle::left(is_answer);
    }
}

/// An argument of an exported function.
pub(crate) trait Argument: Sized {
    /// Its type in JavaScript; empty if JavaScript does not pass it.
    #[cfg(test)]
    const TYPE: &'static str;
    /// Whether it may be undefined.
    #[cfg(test)]
    const IS_OPTIONAL: bool = false;

    /// Takes it from the arguments at `at`, and moves `at` to the next.
    fn take(args: &Args, at: &mut usize) -> Result<Self, Fault>;
}

/// A result of an exported function.
pub(crate) trait Returned {
    /// Its type in JavaScript.
    #[cfg(test)]
    const TYPE: &'static str;

    /// Converts it.
    fn into_value(self) -> ReturnValue;
}

/// A function that JavaScript calls.
pub(crate) trait Export<T> {
    /// The types of its arguments and of its result.
    #[cfg(test)]
    fn types(&self) -> (Vec<String>, &'static str);

    /// Calls it.
    fn call(self, args: &Args) -> Result<ReturnValue, Fault>;
}

/// Implements [`Argument`]: a type, its type in JavaScript, its conversion.
macro_rules! arguments {
    ($($type:ty = $name:literal, |$args:ident, $at:ident| $read:expr;)+) => {$(
        impl Argument for $type {
            #[cfg(test)]
            const TYPE: &'static str = $name;

            fn take($args: &Args, at: &mut usize) -> Result<$type, Fault> {
                let $at = *at;
                *at += 1;
                Ok($read)
            }
        }
    )+};
}

arguments! {
    JsValue = "unknown", |args, at| args.value(at);
    f64 = "number", |args, at| args.number(at)?;
    u32 = "number", |args, at| args.u32(at)?;
    usize = "number", |args, at| args.u32(at)? as usize;
    bool = "boolean", |args, at| args.js().read_flag(args.value(at))?;
    String = "string", |args, at| args.js().read_text(args.value(at))?;
    Key = "string", |args, at| args.js().read_key(args.value(at))?;
    Vec<u8> = "Uint8Array", |args, at| args.js().read_bytes(args.value(at))?;
    Array<AtomicU64> = "Float64Array", |args, at| Array::of(args, at, Js::float64_array)?;
    Array<AtomicU32> = "Uint32Array", |args, at| Array::of(args, at, Js::uint32_array)?;
    Array<AtomicU8> = "Uint8Array", |args, at| Array::of(args, at, Js::uint8_array)?;
    Derived = "number", |args, at| known(Derived::of(args.u32(at)?))?;
    Loaded = "number", |args, at| known(Loaded::of(args.u32(at)?))?;
    Verdict = "number", |args, at| known(Verdict::of(args.u32(at)?))?;
    Report = "number", |args, at| known(Report::of(args.u32(at)?))?;
    Retry = "number", |args, at| known(Retry::of(args.u32(at)?))?;
    Arrival = "number", |args, at| known(Arrival::of(args.u32(at)?))?;
    SessionNews = "number", |args, at| known(SessionNews::of(args.u32(at)?))?;
    MessageKind = "number", |args, at| known(MessageKind::of(args.u32(at)?))?;
    Rc<NativeCache> = "Id", |args, at| found(&current()?.caches.borrow(), args.u32(at)?, "cache")?;
    Rc<Storage> = "Id", |args, at| found(&current()?.storages.borrow(), args.u32(at)?, "storage")?;
    RedisDriver = "Id", |args, at| found(&current()?.redis_stores.borrow(), args.u32(at)?, "Redis store")?;
    Arc<EventBus> = "Id", |args, at| found(&current()?.buses.borrow(), args.u32(at)?, "event bus")?;
}

/// A typed array, and its memory.
pub(crate) struct Array<T> {
    pub(super) value: JsValue,
    pub(super) memory: Shared<T>,
}

impl<T> Array<T> {
    fn of(
        args: &Args,
        at: usize,
        memory: fn(Js, JsValue) -> Result<Shared<T>, Unexpected>,
    ) -> Result<Array<T>, Fault> {
        let value = args.value(at);
        Ok(Array { value, memory: memory(args.js(), value)? })
    }
}

/// A code, if it is one.
fn known<T>(code: Option<T>) -> Result<T, Fault> {
    code.ok_or_else(|| Fault("no such code".into()))
}

/// The object with an id.
pub(super) fn found<T: Clone>(all: &slab::Slab<T>, id: u32, what: &str) -> Result<T, Fault> {
    all.get(id as usize).cloned().ok_or_else(|| Fault(format!("no such {what}")))
}

/// `None` is passed as `undefined`.
impl<T: Argument> Argument for Option<T> {
    #[cfg(test)]
    const TYPE: &'static str = T::TYPE;
    #[cfg(test)]
    const IS_OPTIONAL: bool = true;

    fn take(args: &Args, at: &mut usize) -> Result<Option<T>, Fault> {
        if args.js().is_undefined(args.value(*at)) {
            *at += 1;
            return Ok(None);
        }
        T::take(args, at).map(Some)
    }
}

impl Argument for Js {
    #[cfg(test)]
    const TYPE: &'static str = "";

    fn take(args: &Args, _: &mut usize) -> Result<Js, Fault> {
        Ok(args.js())
    }
}

impl Argument for Rc<Instance> {
    #[cfg(test)]
    const TYPE: &'static str = "";

    fn take(_: &Args, _: &mut usize) -> Result<Rc<Instance>, Fault> {
        current()
    }
}

/// Implements [`Returned`]: a type, its type in JavaScript, its conversion.
macro_rules! returned {
    ($($type:ty = $name:literal, |$value:pat_param| $returned:expr;)+) => {$(
        impl Returned for $type {
            #[cfg(test)]
            const TYPE: &'static str = $name;

            fn into_value(self) -> ReturnValue {
                let $value = self;
                $returned
            }
        }
    )+};
}

/// Bytes as a `Buffer`, or their number in the scratch; or the reason why there are none.
pub(crate) struct Opened(pub(super) Result<JsValue, String>);

/// The id of an object that was made; or the reason why it was not.
pub(crate) struct Made(pub(super) Result<usize, String>);

/// A `Buffer`.
pub(crate) struct Bytes(pub(super) JsValue);

/// The bridge.
pub(crate) struct Bridge(pub(super) JsValue);

returned! {
    () = "void", |()| ReturnValue::Undefined;
    f64 = "number", |number| ReturnValue::Number(number);
    usize = "Id", |id| number(id);
    bool = "boolean", |flag| ReturnValue::Flag(flag);
    String = "string", |text| ReturnValue::Text(text);
    Answer = "Answer", |answer| ReturnValue::Answer(answer);
    Bytes = "Buffer<ArrayBuffer>", |bytes| ReturnValue::Value(bytes.0);
    Bridge = "Bridge", |bridge| ReturnValue::Value(bridge.0);
    Opened = "Buffer | number | string", |opened| opened.0.map_or_else(ReturnValue::Text, ReturnValue::Value);
    Made = "Id | string", |made| made.0.map_or_else(ReturnValue::Text, number);
}

#[expect(clippy::cast_precision_loss, reason = "ids are counted in a slab")]
fn number(id: usize) -> ReturnValue {
    ReturnValue::Number(id as f64)
}

/// Implements [`Export`] for functions with this number of arguments.
macro_rules! functions {
    ($(($($argument:ident)*))+) => {$(
        #[expect(clippy::allow_attributes, reason = "functions of no arguments")]
        #[allow(non_snake_case, unused_variables, unused_mut, reason = "named as their types; there may be none")]
        impl<F, R, $($argument),*> Export<($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> Result<R, Fault>,
            R: Returned,
            $($argument: Argument,)*
        {
            #[cfg(test)]
            fn types(&self) -> (Vec<String>, &'static str) {
                let types: Vec<(&str, bool)> = vec![$(($argument::TYPE, $argument::IS_OPTIONAL)),*];
                let types = types.into_iter().filter(|(name, _)| !name.is_empty());
                let types = types.map(|(name, may_be)| format!("{name}{}", if may_be { " | undefined" } else { "" }));
                (types.collect(), R::TYPE)
            }

            fn call(self, args: &Args) -> Result<ReturnValue, Fault> {
                let mut at = 0;
                $(let $argument = $argument::take(args, &mut at)?;)*
                self($($argument),*).map(Returned::into_value)
            }
        }
    )+};
}

functions! {
    () (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E G) (A B C D E G H) (A B C D E G H I)
    (A B C D E G H I J K L M N O P Q S)
}

/// A function as JavaScript sees it.
pub(crate) struct Exported {
    pub(crate) name: &'static str,
    pub(crate) function: call::RawFunction<Answer>,
    /// The names of its arguments.
    #[cfg(test)]
    pub(crate) arguments: &'static [&'static str],
    /// Their types, and that of its result.
    #[cfg(test)]
    pub(crate) types: fn() -> (Vec<String>, &'static str),
}
