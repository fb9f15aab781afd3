//! Everything that touches the outside world for the engine. Each network client, such as [`redis`], has a folder of
//! its own and works on the process-wide I/O runtime ([`runtime`]).
//!
//! A driver moves bytes and makes no decisions. It may import the engine, never the addon.
//!
//! # Floors
//! A module uses those on floors below its own. A test keeps this list true.
//!
//! 0. [`runtime`] the I/O runtime of the process · [`wakes`] wakes that are given together · [`targets`] of lines of
//!    the log
//! 1. [`bus`] the common part of all event buses · [`http`] a bounded HTTP server
//! 2. [`redis`] a store and a bus · [`rabbitmq`] and [`nats`] buses
//! 3. [`held`] what a thread sends at the end of its job
#![forbid(unsafe_code)]

pub mod bus;
pub mod held;
pub mod http;
pub mod nats;
pub mod rabbitmq;
pub mod redis;
pub mod runtime;
pub mod targets;
pub mod wakes;
