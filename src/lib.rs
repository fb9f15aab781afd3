//! The N-API side of lazy-layers-cache: converts and schedules. The engine decides what happens to a key, except for
//! the work that JavaScript does alone with a memory layer, see [`memory`].
//!
//! # Floors
//! A module uses those on floors below its own. A test keeps this list true.
//!
//! 0. [`raw`] the only place with raw N-API and raw memory: calls, values, the wake from other threads ·
//!    [`backlog`] a bounded queue
//! 1. [`contract`] the contract between JavaScript and Rust · [`ready`] requests that can go on, and the wake of
//!    their thread
//! 2. [`env`](mod@env) one Node.js environment · [`memory`] handles of JavaScript values, and the mirror by which
//!    JavaScript answers hits · [`ticker`] its clock · [`behalf`] for whom a thread works ·
//!    [`totals`] of caches by name
//! 3. [`values`] values to bytes and back · [`crossing`] fields of events and messages · [`options`] records of
//!    options for the engine · [`reply`] results as numbers · [`request`] one request and its loader · [`questions`]
//!    for objects of JavaScript · [`stats`] statistics of each cache · [`time`] the time of an environment ·
//!    [`fake_timers`] timers of users' tests · [`log`] lines for cases that need help
//! 4. [`executor`] polls requests on the thread of their environment · [`js_calls`] calls of methods in JavaScript ·
//!    [`lines`] events that are told together · [`queue`] items for JavaScript · [`redis_store`] the Redis of the
//!    drivers as a store · [`observe`] the dashboard
//! 5. [`custom_store`] custom stores as layers · [`bus`] event buses · [`events`] events on their way to JavaScript ·
//!    [`redis_owner`] the owner of a connection, in JavaScript · [`upkeep`] background work of caches
//! 6. [`instance`] everything that lives in an environment
//! 7. [`settle`] work between calls: events and late answers are told
//! 8. [`binding`] the functions JavaScript calls
//! 9. [`exports`] their names

#![cfg_attr(test, allow(dead_code, reason = "napi leaves the registration out of test builds"))]

/// One thread allocates requests and another frees them, which costs locks in the allocator of the C library.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod backlog;
mod behalf;
mod binding;
mod bus;
mod contract;
mod crossing;
mod custom_store;
mod env;
mod events;
mod executor;
mod exports;
mod fake_timers;
mod instance;
mod js_calls;
mod lines;
mod log;
mod memory;
mod observe;
mod options;
mod questions;
mod queue;
mod raw;
mod ready;
mod redis_owner;
mod redis_store;
mod reply;
mod request;
mod settle;
mod stats;
mod ticker;
mod time;
mod totals;
mod upkeep;
mod values;
