//! Redis: a store of payloads, with an index, locks and patterns, in the layout of 0.4.0.
//!
//! - [`address`] where the servers are · [`options`] how the store behaves · [`fault`] what goes wrong
//! - `connect` a way to the data · `connection` to one server, over a `socket`, perhaps with `tls` · `owner` answers
//!   which login and which certificate · `sentinel` the master that sentinels name · `cluster`, `topology` the
//!   primaries of a cluster · `client` one that somebody else drives · `supervise` keeps one open, `supervised` is how
//!   operations see it · `servers` notices one that was replaced · `submit`,
//!   `batch` gather operations into pipelines
//! - [`store`] the operations · `read`, `write` of values · `index` of what was written · `marks` of what was
//!   invalidated · `commands` as Redis has them · `names` of keys and locks · `scan` pages of keys · `lost` the repair
//!   of an index · `bare` the index by few commands · `delete`, `inspect` work on pages
//!
//! ```text
//! store ── requests ──▶ batch ── pipelines ──▶ link (connect) ──▶ Redis
//!                         │ a link that fails        ▲ a new link
//!                         └────────▶ supervise ──────┘
//! ```
//!
//! `pubsub` is the event bus, with connections of its own.
//!
//! Nothing waits for a server that is away: while there is no link, requests fail at once.

pub mod address;
mod alone;
mod atomic;
mod bare;
mod batch;
mod client;
mod cluster;
mod commands;
mod connect;
mod connection;
mod counting;
mod delete;
pub mod fault;
mod fill_alone;
mod index;
mod inspect;
mod locks;
mod lost;
mod marks;
mod names;
pub mod options;
mod owner;
mod prepare;
mod pubsub;
mod read;
mod scan;
mod scripts;
mod sentinel;
mod servers;
mod socket;
pub mod store;
mod submit;
mod supervise;
mod supervised;
mod sweep;
mod tidy;
mod tls;
mod topology;
mod write;

pub use address::Address;
pub use fault::{Fault, FaultKind};
pub use inspect::{Page, Seen};
pub use marks::Marked;
pub use options::{DeleteStrategy, StoreOptions};
pub use owner::{ConnectionOwner, CurrentLogin, Server, TrustedCertificate};
pub use pubsub::{RedisBusOptions, event_bus};
pub use store::{Payload, Payloads, RedisStore, Stored};
pub use submit::{has_held, hold, send_held};
