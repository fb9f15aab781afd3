//! The N-API side of lazy-layers-cache: converts and schedules. The engine decides what happens to a key, except for
//! what JavaScript does alone with a memory layer, see [`memory`].
//!
//! # Map
//! - [`contract`] the contract between JavaScript and Rust
//! - [`raw`] the only place with raw N-API and raw memory: calls, values, the wake from other threads
//! - [`memory`] handles of JavaScript values, and the mirror by which JavaScript answers hits · [`ticker`] its clock ·
//!   [`time`] the time of an environment · [`fake_timers`] timers of users' tests
//! - [`instance`] the state of one Node.js environment · [`executor`] polls requests on its thread ·
//!   [`request`] one request and its loader · [`reply`] results as numbers · [`settle`] events and late answers, told
//!   between calls
//! - [`js_calls`] calls of methods in JavaScript · [`custom_store`] custom stores as layers · [`bus`] event buses ·
//!   [`redis_store`] the Redis of the drivers as a store · [`upkeep`] background work of caches · [`values`] values to
//!   bytes and back
//! - [`events`], [`lines`], [`crossing`] events on their way to JavaScript · [`stats`] statistics of each cache ·
//!   [`observe`] the dashboard
//! - [`options`] records of numbers to engine options · [`binding`] the functions JavaScript calls
#![cfg_attr(test, allow(dead_code, reason = "napi leaves the registration out of test builds"))]

/// Requests are made on one thread and freed on another, which the allocator of the C library pays for with locks.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod binding;
mod bus;
mod contract;
mod crossing;
mod custom_store;
mod events;
mod executor;
mod fake_timers;
mod instance;
mod js_calls;
mod lines;
mod log;
mod memory;
mod observe;
mod options;
mod raw;
mod redis_owner;
mod redis_store;
mod reply;
mod request;
mod settle;
mod stats;
mod ticker;
mod time;
mod upkeep;
mod values;
