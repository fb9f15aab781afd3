//! Redis: a store of payloads, with an index, locks and patterns, in the layout of 0.4.0.
//!
//! - [`address`] addresses of servers · [`options`] options of the store · [`fault`] its errors
//! - `connect` opens links to the data · `connection` to one server, over a `socket`, perhaps with `tls` · `owner`
//!   supplies the login and trusts certificates · `sentinel` finds the master that sentinels name · `cluster`,
//!   `topology` the primaries of a cluster · `client` a client that its owner drives · `supervise` keeps a link
//!   open, `supervised` shows it to operations · `tracking`, `tracked`, `cluster_tracking` changes that the server
//!   tells · `servers` notices a server that was replaced · `submit`, `batch` gather operations into pipelines
//! - [`store`] the operations · `read`, `read_many`, `write` of values · `shared`, `merged` operations that are sent
//!   together · `index` of written entries · `marks` of invalidated entries, `look` before a write · `commands` of
//!   Redis, `ask` sends some · `names` of keys and locks, `acquire` takes some locks · `scan` pages of keys · `lost`
//!   repairs an index · `bare` the index by few commands · `delete`, `inspect` work on pages
//!
//! ```text
//! store ── requests ──▶ batch ── pipelines ──▶ link (connect) ──▶ Redis
//!                         │ a link that fails        ▲ a new link
//!                         └────────▶ supervise ──────┘
//! ```
//!
//! `pubsub` is the event bus, with connections of its own.
//!
//! No request waits for a server that is away: while there is no link, requests fail at once.

mod acquire;
pub mod address;
mod alone;
mod ask;
mod atomic;
mod bare;
mod batch;
mod client;
mod cluster;
mod cluster_tracking;
mod commands;
mod complaint;
mod connect;
mod connection;
mod counting;
mod delete;
pub mod fault;
mod fence;
mod fill_alone;
mod gather;
mod guard;
mod index;
mod inspect;
mod life;
mod locks;
mod lost;
mod marks;
mod merged;
mod names;
pub mod options;
mod owner;
mod prepare;
mod probes;
mod pubsub;
mod read;
mod read_many;
mod scan;
mod scripts;
mod sentinel;
mod servers;
mod shared;
mod socket;
pub mod store;
mod submit;
mod supervise;
mod supervised;
mod sweep;
mod tags;
mod tidy;
mod tls;
mod topology;
mod tracked;
mod tracking;
mod write;

pub use address::Address;
pub use fault::{Fault, FaultKind};
pub use inspect::{Page, Seen};
pub use marks::Marked;
pub use options::{DeleteStrategy, StoreOptions};
pub use owner::{ConnectionOwner, CurrentLogin, Server, TrustedCertificate};
pub use pubsub::{RedisBusOptions, event_bus};
pub use read::Found;
pub use store::{Payload, Payloads, RedisStore, Stored};
pub use submit::{has_held, hold, send_held};
pub use tags::is_of_invalidation;
pub use tracking::{Affected, Change, Covers, Listener};
