//! The kinds of options, and their types in Rust.
//!
//! JavaScript checks an option by the function of that name in `lib/options/checks.js`, which returns the number that
//! crosses.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "JavaScript has checked them; saturates"
)]

use lazy_layers_engine::{bounded::PolicyKind, clock::Ttl, words::Word};

use super::option_record::Record;

/// A kind of option.
pub(crate) trait Kind {
    /// Its type in Rust.
    type Value;
    /// The check.
    const CHECK: &'static str;
    /// The check in the options of a call.
    const CALL_CHECK: &'static str = Self::CHECK;

    /// The option at that place of a record, if it is given.
    fn read(record: &Record<'_>, at: usize) -> Option<Self::Value>;
}

/// Declares kinds that cross as a number.
macro_rules! kinds {
    ($(
        $(#[doc = $about:literal])*
        $name:ident $check:literal $(of a call $call:literal)? -> $value:ty = $convert:expr;
    )+) => {$(
        $(#[doc = $about])*
        pub(crate) struct $name;

        impl Kind for $name {
            type Value = $value;
            const CHECK: &'static str = $check;
            $(const CALL_CHECK: &'static str = $call;)?

            fn read(record: &Record<'_>, at: usize) -> Option<$value> {
                let convert: fn(f64) -> $value = $convert;
                record.number(at).map(convert)
            }
        }
    )+};
}

kinds! {
    /// True or false.
    Flag "flag" -> bool = |number| number != 0.0;
    /// How long entries live: 0 and Infinity have no end; below 0, which a call may give, they are not kept.
    Lifetime "lifetime" of a call "anyLifetime" -> Ttl =
        |millis| if millis < 0.0 { Ttl::NONE } else { Ttl::from_millis_f64(millis) };
    /// For how long something beside entries is kept: 0 is not at all, Infinity has no end.
    Span "span" -> Ttl = |millis| if millis == 0.0 { Ttl(0) } else { Ttl::from_millis_f64(millis) };
    /// How long something may take: 0 and Infinity are no limit.
    Limit "limit" -> Ttl = Ttl::from_millis_f64;
    /// A time above 0.
    Duration "duration" -> Ttl = Ttl::from_millis_f64;
    /// A part of a whole: 0 is none.
    Fraction "fraction" -> f64 = |number| number;
    /// A number by which another is multiplied: 0 is off.
    Factor "factor" -> f64 = |number| number;
    /// A finite time.
    Wait "wait" -> Ttl = Ttl::from_millis_f64;
    /// A time that may have no end.
    Endless "endless" -> Ttl = Ttl::from_millis_f64;
    /// A number of entries above 0.
    Entries "entries" -> usize = entries;
    /// A number of entries.
    EntriesOrNone "entriesOrNone" -> usize = entries;
    /// A bound on entries: 0 is none.
    Bound "bound" -> usize = entries;
    /// A number above 0.
    Count "count" -> u64 = count;
    /// A number of failures above 0.
    Failures "entries" -> u32 = |number| u32::try_from(count(number)).unwrap_or(u32::MAX);
    /// A number of bytes.
    Bytes "bytes" -> u64 = count;
    /// Which entries make room.
    Policy "policy" -> PolicyKind = |number| PolicyKind::of(number as u32).unwrap_or(PolicyKind::Lru);
}

/// A text that is not empty; an empty one is not given.
pub(crate) struct Name;

impl Kind for Name {
    type Value = String;
    const CHECK: &'static str = "name";

    fn read(record: &Record<'_>, at: usize) -> Option<String> {
        record.texts(at)?.pop()
    }
}

fn count(number: f64) -> u64 {
    number as u64
}

fn entries(number: f64) -> usize {
    usize::try_from(count(number)).unwrap_or(usize::MAX)
}
