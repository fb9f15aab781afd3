//! The engine of lazy-layers-cache: decides what happens to a key. Pure Rust, no N-API, no network
//! client; generic over the handle of a value ([`value::Value`]).
//!
//! # Layers
//! A module may use those above it in this list, and its own.
//!
//! 0. [`clock`] time, its only reader · [`value`] values of a cache · [`codec`] stored values as bytes ·
//!    [`mod@words`] enums with names that users see
//! 1. [`entry`] keys, patterns · [`bounded`] the exact bounded map · [`resilience`] circuit breaker ·
//!    [`options`] settings and defaults · [`observe`] events and counters
//! 2. [`coherence`] fence, generations, seen events, recent invalidations · [`l1`] memory ·
//!    [`store`] layers that are awaited · [`load`] one load per key · [`bus`] messages between instances
//! 3. `flow` one file per public verb: the only place that sees several of layer 2 together
//! 4. [`cache`] the handle
#![forbid(unsafe_code)]

pub mod bounded;
pub mod bus;
pub mod cache;
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
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod value;
pub mod words;
