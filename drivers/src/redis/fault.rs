//! Failures of Redis, in words for users. They never hold a password.

use std::{fmt, time::Duration};

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The kind of failure.
    pub kind: FaultKind,
    /// In words.
    pub message: String,
}

/// Kinds of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// There was no answer in time.
    Timeout,
    /// There is no connection.
    Disconnected,
    /// The server refused this operation.
    Server,
    /// The stored value cannot be read.
    Corrupt,
    /// The store was closed.
    Closed,
}

impl Fault {
    /// A failure, in words that may end with those of the server.
    pub(super) fn new(kind: FaultKind, message: impl Into<String>) -> Fault {
        let mut message = message.into();
        message.truncate(without_arguments(&message).len());
        Fault { kind, message }
    }

    pub(super) fn closed() -> Fault {
        Fault::new(FaultKind::Closed, "the connection to Redis was closed")
    }

    pub(super) fn not_yet(place: &str) -> Fault {
        Fault::new(FaultKind::Disconnected, format!("not connected to Redis at {place} yet"))
    }

    pub(super) fn too_late(place: &str, limit: Duration) -> Fault {
        Fault::new(
            FaultKind::Timeout,
            format!("Redis at {place} did not answer within {} ms", limit.as_millis()),
        )
    }

    pub(super) fn unexpected() -> Fault {
        Fault::new(FaultKind::Server, "Redis gave an answer of another kind than was asked for")
    }

    /// Why there is no connection.
    pub(super) fn unreachable(error: &RedisError, place: &str) -> Fault {
        Fault { kind: FaultKind::Disconnected, ..Fault::of(error, place) }
    }

    pub(super) fn ended(place: &str) -> Fault {
        Fault::new(FaultKind::Disconnected, format!("Redis at {place} ends connections"))
    }

    pub(super) fn moved(place: &str) -> Fault {
        Fault::new(FaultKind::Disconnected, format!("another server is the master of Redis at {place}"))
    }

    /// The message of a server, or of the way to it.
    pub(super) fn of(error: &RedisError, place: &str) -> Fault {
        if error.is_timeout() {
            return Fault::new(FaultKind::Timeout, format!("Redis at {place} did not answer in time"));
        }
        match error.kind() {
            ErrorKind::Server(_) | ErrorKind::Extension => {
                Fault::new(FaultKind::Server, format!("Redis at {place}: {error}"))
            }
            ErrorKind::AuthenticationFailed => Fault::new(
                FaultKind::Disconnected,
                format!("Redis at {place} refused the user name or password"),
            ),
            _ => Fault::new(FaultKind::Disconnected, format!("no connection to Redis at {place}: {error}")),
        }
    }
}

/// The error text of a server without the arguments of the command: some servers quote the first ones, and errors are
/// logged, which keys and values must not be.
pub(super) fn without_arguments(message: &str) -> &str {
    let end = message.find("with args beginning with").unwrap_or(message.len());
    message[..end].trim_end_matches([',', ' '])
}

/// Whether an error says that a connection is broken.
pub(super) fn breaks_link(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Server(kind) => is_unavailable(kind),
        ErrorKind::Extension => false,
        _ => true,
    }
}

/// Whether a server says that it is not the one to ask, not yet, or no longer.
pub(super) fn is_unavailable(kind: ServerErrorKind) -> bool {
    use ServerErrorKind::{BusyLoading, ClusterDown, MasterDown, ReadOnly};
    matches!(kind, ReadOnly | MasterDown | ClusterDown | BusyLoading)
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::{Fault, FaultKind};

    #[test]
    fn a_fault_names_no_argument_of_a_command() {
        for (said, told) in [
            (
                "ERR unknown command 'EVALSHA', with args beginning with: 'a' 'user:1'",
                "ERR unknown command 'EVALSHA'",
            ),
            ("NOAUTH Authentication required.", "NOAUTH Authentication required."),
        ] {
            assert_eq!(Fault::new(FaultKind::Server, said).message, told);
        }
    }
}
