//! Everything that touches the outside world for the engine: [`redis`], on the process-wide I/O runtime
//! ([`runtime`]); each network client gets a folder of its own.
//!
//! A driver moves bytes and decides nothing. It may import the engine, never the addon.
#![forbid(unsafe_code)]

pub mod bus;
pub mod http;
pub mod nats;
pub mod rabbitmq;
pub mod redis;
pub mod runtime;
pub mod targets;
pub mod wakes;
