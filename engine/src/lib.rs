//! The engine of lazy-layers-cache: decides what happens to a key. Pure Rust, no N-API, no network
//! client; generic over the handle of a value ([`value::Value`]).
//!
//! # Floors
//! A module uses those on floors below its own. A test keeps this list true.
//!
//! 0. [`value`] values of a cache · [`entry`] keys, patterns · [`mod@words`] enums with names that users see ·
//!    [`targets`] of lines of the log · [`chance`] random numbers
//! 1. [`clock`] time, its only reader · [`codec`] stored values as bytes
//! 2. [`bounded`] the exact bounded map · [`resilience`] circuit breaker
//! 3. [`bus`] messages between instances · [`options`] settings and defaults
//! 4. [`observe`] events and counters · [`coherence`] fence, generations, seen events, recent invalidations
//! 5. [`store`] layers that are awaited
//! 6. [`l1`] memory
//! 7. [`load`] one load per key
//! 8. [`flow`] one file per public verb: the only place that sees layers, loads and the bus together
//! 9. [`cache`] the handle

#![forbid(unsafe_code)]

pub mod bounded;
pub mod bus;
pub mod cache;
pub mod chance;
pub mod clock;
pub mod codec;
pub mod coherence;
pub mod entry;
pub mod flow;
pub mod l1;
pub mod load;
pub mod observe;
pub mod options;
pub mod resilience;
pub mod store;
pub mod targets;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod value;
pub mod words;
