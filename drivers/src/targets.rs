//! What lines of the log are about, beside the engine's: see [`lazy_layers_engine::targets`].

pub use lazy_layers_engine::targets::{BUS, PREFIX};

/// Redis: links, what the server refuses, pipelines.
pub const REDIS: &str = "lazy::redis";
/// The dashboard's server: where it listens, connections, requests.
pub const HTTP: &str = "lazy::http";
