//! Failures of a bus, in words for users. They never hold a password.

use std::fmt;

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusFault {
    /// The kind of failure.
    pub kind: BusFaultKind,
    /// In words.
    pub message: String,
}

/// Kinds of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BusFaultKind {
    /// There is no connection, or it did not answer in time.
    Down,
    /// The broker takes no events for now, over a connection that goes on.
    Blocked,
    /// The broker does not take this event, at no attempt.
    Refused,
    /// The bus was disconnected by its owner.
    Closed,
}

impl BusFault {
    /// There is no connection, or it does not answer.
    pub fn down(message: impl Into<String>) -> BusFault {
        BusFault { kind: BusFaultKind::Down, message: message.into() }
    }

    /// The broker takes no events for now.
    pub fn blocked(message: impl Into<String>) -> BusFault {
        BusFault { kind: BusFaultKind::Blocked, message: message.into() }
    }

    /// The broker does not take this event.
    pub fn refused(message: impl Into<String>) -> BusFault {
        BusFault { kind: BusFaultKind::Refused, message: message.into() }
    }

    pub(crate) fn closed() -> BusFault {
        BusFault { kind: BusFaultKind::Closed, message: "the event bus was disconnected".to_owned() }
    }
}

impl fmt::Display for BusFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for BusFault {}
