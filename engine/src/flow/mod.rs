//! Decides what happens to a key: one file per public verb, each read from top to bottom.
//!
//! All verbs work on [`state`]. [`layers`] reads, fills and clears layers one by one; [`publisher`] puts the circuit
//! breaker and a deadline around sending.

mod broadcast;
pub(crate) mod changed;
mod clear;
mod counts;
mod delete;
mod delete_many;
mod direct;
pub(crate) mod directed;
mod expire;
pub(crate) mod explain;
mod extend;
mod fill_l2;
mod gap;
mod get;
mod get_many;
mod get_or_set;
mod has;
mod layers;
mod limited;
mod locked;
pub(crate) mod publisher;
mod refresh;
mod remote;
mod set;
mod source;
pub(crate) mod state;
pub(crate) mod switch;
mod tags;
mod timed;
mod together;
pub(crate) mod upkeep;
