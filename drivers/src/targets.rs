//! Subjects of log lines, in addition to the engine's: see [`lazy_layers_engine::targets`].

pub use lazy_layers_engine::targets::{BUS, PREFIX};

/// Redis: links, refusals of the server, pipelines.
pub const REDIS: &str = "lazy::redis";
/// The dashboard's server: its address, connections, requests.
pub const HTTP: &str = "lazy::http";
