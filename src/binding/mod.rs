//! The functions that JavaScript calls: convert, call the engine, convert.
//!
//! - [`crate::exports`] names them · [`arguments`] their arguments and results
//! - [`setup`] makes environments, storages and caches · [`time`] the clock of the environment ·
//!   [`stats`] statistics
//! - [`requests`] one function per verb · [`sources`] the sources of answers
//! - [`reports`] results of loaders and custom objects
//! - [`redis`] stores and their verbs · [`bus`] event buses, [`session`] their sessions in JavaScript ·
//!   [`messages`] events of other instances
//! - [`observe`] the dashboard · [`log`] lines for cases that need help
//! - [`codec`] payloads of values that users pack themselves · [`breakers`] circuit breakers that users create

mod arguments;
pub(crate) mod breakers;
pub(crate) mod bus;
pub(crate) mod codec;
pub(crate) mod log;
pub(crate) mod messages;
pub(crate) mod observe;
pub(crate) mod redis;
pub(crate) mod reports;
pub(crate) mod requests;
pub(crate) mod session;
pub(crate) mod setup;
pub(crate) mod sources;
pub(crate) mod stats;
pub(crate) mod time;

use std::rc::Rc;

pub(crate) use arguments::{Export, Exported};

use crate::{
    instance::{self, Instance},
    raw::call::Fault,
};

fn current() -> Result<Rc<Instance>, Fault> {
    instance::current().ok_or_else(|| Fault("the environment is not set up, or has ended".into()))
}
