//! What happens to a key: one file per public verb, each read from top to bottom.
//!
//! [`parts`] is what they all work on; [`layers`] reads, fills and clears layers one by one.

mod clear;
mod delete;
mod gap;
mod get;
mod get_or_set;
mod has;
mod layers;
mod locked;
pub(crate) mod parts;
mod remote;
mod set;
mod timed;
