//! The N-API side of lazy-layers-cache: converts, schedules, and holds no cache logic.
//!
//! # Map
//! - [`contract`] what crosses between JavaScript and Rust
//! - [`raw`] the only place with raw N-API and raw memory: calls, values, the wake from other threads
//! - [`slots`] handles of JavaScript values · [`storage`] a table of them and the memory layer on it ·
//!   [`front`] the memory through which JavaScript answers hits itself · [`ticker`] its clock ·
//!   [`time`] the time of an environment · [`fake_timers`] timers of users' tests
//! - [`instance`] what belongs to one Node.js environment · [`executor`] polls requests on its thread ·
//!   [`request`] one request and its loader · [`settle`] events and late answers, told between calls
//! - [`host`] calls into JavaScript · [`own_store`] users' objects as layers · [`bus`] event buses ·
//!   [`redis_store`] the Redis of the drivers as one · [`values`] values to bytes and back ·
//!   [`events`] events on their way to JavaScript
//! - [`options`] records of numbers to engine options · [`binding`] the functions JavaScript calls
#![cfg_attr(test, allow(dead_code, reason = "napi leaves the registration out of test builds"))]

/// Requests are made on one thread and freed on another, which the allocator of the C library pays for with locks.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod binding;
mod bus;
mod contract;
mod crossing;
mod events;
mod executor;
mod fake_timers;
mod front;
mod host;
mod instance;
mod lines;
mod observe;
mod options;
mod own_store;
mod raw;
mod redis_store;
mod reply;
mod request;
mod settle;
mod slots;
mod stats;
mod storage;
mod ticker;
mod time;
mod values;
