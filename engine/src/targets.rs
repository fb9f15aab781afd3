//! What lines of the log are about: the targets of `tracing`, as far as they are the engine's.
//!
//! A line has names, counts, durations and errors in words: never a key, a value or a password. Nothing on the way of a
//! hit in memory has one: see docs/decisions/log.md.

/// What all of ours begin with: lines of other crates are nobody's business.
pub const PREFIX: &str = "lazy::";

/// Event buses: sessions, gaps, what waits and what was dropped.
pub const BUS: &str = "lazy::bus";
/// Circuit breakers: whenever one opens or closes.
pub const BREAKER: &str = "lazy::breaker";
/// What the second layer has missed, and is made up for.
pub const RETRY: &str = "lazy::retry";
