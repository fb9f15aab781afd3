//! The outcome of a request, as numbers that cross to JavaScript.

use std::rc::Rc;

use lazy_layers_engine::{clock::Ttl, load::Outcome, value::Failure};

use crate::{
    contract::{Code, Coded, answer},
    memory::Slot,
    memory::Storage,
};

impl Code {
    /// The number that crosses.
    pub(crate) fn with(self, argument: f64) -> f64 {
        argument.trunc() * f64::from(1 << answer::CODE_BITS) + self.number()
    }
}

/// The outcome of a request. Holds the handles of the values it names until they are handed over.
pub(crate) enum Reply {
    Nothing,
    Value(Slot),
    Values(Vec<Option<Slot>>),
    Flag(bool),
    Count(f64),
    Text(String),
    Joined(u32),
    Failed(Failure<Slot>),
    HardTimeout(Ttl),
    Answered,
}

impl Reply {
    /// A value, or nothing.
    pub(crate) fn of(value: Option<Slot>) -> Reply {
        value.map_or(Reply::Nothing, Reply::Value)
    }

    /// Returns the code and its argument. A message goes to `keep_message`, values to `keep_values`; both
    /// return the argument.
    pub(crate) fn encode(
        &self,
        keep_message: impl FnOnce(&str) -> f64,
        keep_values: impl FnOnce(&[Option<Slot>]) -> f64,
    ) -> (Code, f64) {
        match self {
            Reply::Values(values) => (Code::Values, keep_values(values)),
            Reply::Failed(failure) => encode_failure(failure, keep_message),
            Reply::Nothing => (Code::Nothing, 0.0),
            Reply::Value(slot) => (Code::Value, f64::from(slot.index())),
            Reply::Flag(yes) => (Code::Flag, f64::from(u8::from(*yes))),
            Reply::Text(text) => (Code::Text, keep_message(text)),
            Reply::Count(count) => (Code::Count, *count),
            Reply::Joined(request) => (Code::Joined, f64::from(*request)),
            Reply::HardTimeout(limit) => (Code::HardTimeout, limit.as_millis_f64()),
            Reply::Answered => (Code::Answered, 0.0),
        }
    }
}

fn encode_failure(failure: &Failure<Slot>, keep_message: impl FnOnce(&str) -> f64) -> (Code, f64) {
    match failure {
        Failure::Thrown(slot) => (Code::Thrown, f64::from(slot.index())),
        Failure::Message(message) => (Code::Message, keep_message(message)),
        Failure::Unreadable(cause) => encode_failure(cause, keep_message),
    }
}

impl From<Outcome<Slot>> for Reply {
    fn from(outcome: Outcome<Slot>) -> Self {
        match outcome {
            Outcome::Value(slot) => Reply::Value(slot),
            Outcome::Absent => Reply::Nothing,
            Outcome::Joined(request) => Reply::Joined(request),
            Outcome::Failed(failure) => Reply::Failed(failure),
            Outcome::HardTimeout(limit) => Reply::HardTimeout(limit),
            Outcome::Answered => Reply::Answered,
        }
    }
}

/// An answer on its way to JavaScript. Once it is handed over, the values without a holder are reported; the facade
/// clears them when it has taken the value that the answer names.
pub(crate) struct Answer {
    number: f64,
    reply: Option<Reply>,
    storage: Rc<Storage>,
}

impl Answer {
    pub(crate) fn new(number: f64, reply: Reply, storage: Rc<Storage>) -> Answer {
        Answer { number, reply: Some(reply), storage }
    }

    /// The number that crosses.
    pub(crate) fn number(&self) -> f64 {
        self.number
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        drop(self.reply.take());
        self.storage.report_freed();
    }
}
