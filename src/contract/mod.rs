//! The contract between JavaScript and Rust, declared once. `docs/decisions/contract.md` tells how to add to it.
//!
//! - [`codes`] enums that cross by their number · [`numbers`] bits, places and sizes
//! - [`options`] options and their settings, by [`kinds`], read from an [`option_record`] · [`stats`] statistics ·
//!   [`observed`] those that the dashboard shows
//! - [`bridge`] the functions and arrays of `src/bridge.js` · [`crate::exports`] functions that JavaScript calls
//! - [`crossing`] a value on its way · [`methods`] calls of custom stores and buses · [`message`] messages between
//!   instances
//!
//! The part that JavaScript needs is written into `lib/contract/` and committed. A test compares the two;
//! `npm run contract` writes the files anew.

pub(crate) mod bridge;
mod codes;
pub(crate) mod crossing;
#[cfg(test)]
mod javascript;
pub(crate) mod kinds;
mod message;
pub(crate) mod methods;
mod numbers;
pub(crate) mod observed;
pub(crate) mod option_record;
pub(crate) mod options;
pub(crate) mod stats;

pub(crate) use codes::{
    Arrival, BusItem, Code, Derived, Form, Loaded, Notice, Report, Retry, SessionNews, SessionStep, Target,
    Verdict,
};
pub(crate) use message::MessageRecord;
pub(crate) use numbers::{
    answer, behalf, call, clock, counted, form_bits, journal, layers, line, params, pending, record, shared,
    times,
};

/// An enum that crosses by its number.
pub(crate) trait Coded: Copy {
    /// The variant of a number.
    fn of(number: u32) -> Option<Self>;

    /// The number of the variant.
    fn number(self) -> f64;
}
