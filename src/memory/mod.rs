//! The memory layer as JavaScript shares it; `docs/decisions/mirror.md` is the protocol.
//!
//! - [`slots`]: handles of JavaScript values.
//! - [`storage`]: a table of slots, and the memory layer on it.
//! - [`mirror`]: the slots that JavaScript may answer without a call, and [`journal`], its hits and writes.
//! - [`joinable`]: the running loads that it may join without a call.

pub(crate) mod joinable;
mod journal;
mod mirror;
pub(crate) mod slots;
mod storage;

pub(crate) use journal::JournalArrays;
pub(crate) use slots::Slot;
pub(crate) use storage::Storage;
