//! Subjects of log lines: the engine's targets for `tracing`.
//!
//! A line has names, counts, durations and errors in words, but never a key, a value or a password. No code on the
//! path of a memory hit writes one, see docs/decisions/log.md.

/// The prefix of all our targets. Lines of other crates are ignored.
pub const PREFIX: &str = "lazy::";

/// Event buses: sessions, gaps, waiting and dropped events.
pub const BUS: &str = "lazy::bus";
/// Circuit breakers: each opening and closing.
pub const BREAKER: &str = "lazy::breaker";
/// Deletes and writes that the second layer has missed, and their repair.
pub const RETRY: &str = "lazy::retry";
