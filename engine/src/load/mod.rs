//! Loads: the caller that runs one ([`Caller`]), the loads that run ([`flight`]), absence marks for loads that found
//! nothing ([`negative`]), stale copies for loads that fail ([`stale`]), the directives of loaders
//! ([`directives`]), notes about values ([`notes`]), and all that a cache keeps beside its layers ([`kept`]).

pub mod directives;
pub mod flight;
pub mod kept;
pub mod negative;
pub mod notes;
pub mod stale;
pub mod until;

use std::future::Future;

use self::directives::Directives;
use crate::{
    clock::Ttl,
    value::{Failure, Value},
};

/// Identifies a request, and the load that it leads.
pub type LoadId = u32;

/// The result of a loader: a value, nothing, or the error that it threw.
pub type CameTo<V> = Result<Option<V>, V>;

/// The outcome of a loader.
#[derive(Debug)]
pub struct Loaded<V> {
    /// Its result.
    pub came_to: CameTo<V>,
    /// Its directives. Boxed: few loaders give any.
    pub directives: Option<Box<Directives>>,
}

impl<V> From<CameTo<V>> for Loaded<V> {
    fn from(came_to: CameTo<V>) -> Self {
        Loaded { came_to, directives: None }
    }
}

/// How a request ends.
#[derive(Debug)]
pub enum Outcome<V> {
    /// With a value.
    Value(V),
    /// With nothing: the key is absent.
    Absent,
    /// It shares the outcome of that request's load.
    Joined(LoadId),
    /// With the error that the loader threw.
    Failed(Failure<V>),
    /// Because the load took longer than it may.
    HardTimeout(Ttl),
    /// It was answered before, see [`Caller::answer`].
    Answered,
}

/// The side of a request that has the loader.
pub trait Caller<V: Value>: Send + Sync + 'static {
    /// The loader at work.
    type Loading: Future<Output = Loaded<V>> + Send + Unpin;

    /// The id of this request.
    fn id(&self) -> LoadId;
    /// Calls the loader. At most once.
    fn load(&self) -> Self::Loading;
    /// Whether the loader was not called, as many others run: its outcome is the error that says so.
    fn was_refused(&self) -> bool {
        false
    }
    /// Another instance has the lock of the key: the request waits for it, and may call its loader later.
    fn waits_for_lock(&self) {}
    /// Tells the loader to stop: it has passed `limit`.
    fn abort(&self, limit: Ttl);
    /// Answers the caller now, while the load goes on.
    fn answer(&self, value: V);
    /// The same with a live value. From here on the load is a refresh, whose outcome is for the calls that join it.
    fn refresh(&self, value: V) {
        self.answer(value);
    }
}
