//! The dashboard, as far as it needs no JavaScript.
//!
//! - [`router`] a request to a decision, for all entrances · [`auth`] logins · [`query`] targets · [`reply`] answers
//!   · [`page`] the page and its files
//! - [`snapshot`] the known state of caches at any moment, as [`json`] · [`exposition`] and [`gauges`] the same for
//!   Prometheus · [`pulse`] samples, and whether event loops turn · [`beat`] of one loop · [`latency`] durations
//! - [`listener`] the dashboard's own server · [`elsewhere`] answers of caches of other threads, for handlers ·
//!   [`streams`] of events · [`desk`] questions for JavaScript · [`tree`] of keys · [`watched`] caches whose
//!   dashboards are on · [`seats`] those of one environment

pub(crate) mod auth;
mod beat;
pub(crate) mod desk;
pub(crate) mod elsewhere;
pub(crate) mod exposition;
pub(crate) mod gauges;
pub(crate) mod json;
pub(crate) mod latency;
pub(crate) mod listener;
pub(crate) mod page;
pub(crate) mod pulse;
pub(crate) mod query;
pub(crate) mod reply;
pub(crate) mod router;
pub(crate) mod seats;
pub(crate) mod snapshot;
mod streams;
#[cfg(test)]
mod tests;
pub(crate) mod tree;
pub(crate) mod watched;
