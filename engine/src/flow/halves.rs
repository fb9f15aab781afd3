//! `getOrSet` in two halves, for a cache that waits for nothing but its loaders: what lies between is a
//! value, not a future that somebody has to keep and poll.

use std::sync::Arc;

use crate::{
    clock::Time,
    coherence::fence::Ticket,
    entry::key::Key,
    flow::{get_or_set::Flight, parts::Parts},
    load::{LoadId, Loaded, Outcome},
    observe::{Event, Kind},
    options::Settings,
    value::Value,
};

/// How the first half ended.
pub enum Begun<V: Value> {
    /// There is nothing to load.
    Over(Outcome<V>),
    /// The loader is to be called.
    Load(Load<V>),
}

/// A load that runs. When it is dropped nothing is stored.
pub struct Load<V: Value> {
    // Both know of the load until it is over; the ticket goes first.
    ticket: Ticket,
    flight: Flight<V>,
    settings: Arc<Settings>,
}

impl<V: Value> Parts<V> {
    pub(crate) async fn begin(self: Arc<Self>, key: Key, settings: Arc<Settings>, id: LoadId) -> Begun<V> {
        let (flight, now) = match self.enter(key, &settings, id).await {
            Ok(entered) => entered,
            Err(outcome) => return Begun::Over(outcome),
        };
        let ticket = self.fence.ticket(&flight.key, now);
        self.observe.emit(Kind::LoaderStart, || Event::LoaderStart { key: flight.key.clone() });
        Begun::Load(Load { ticket, flight, settings })
    }

    /// The second half of a load that somebody else began at `started`, who also knows whether an invalidation has
    /// `overtaken` it since.
    pub(crate) async fn conclude(
        &self,
        key: &Key,
        settings: &Settings,
        started: Time,
        overtaken: bool,
        loaded: Loaded<V>,
    ) -> Outcome<V> {
        let ticket = self.fence.ticket(key, started);
        let ticket = if overtaken { ticket.overtaken() } else { ticket };
        self.finish(key, settings, &ticket, loaded).await
    }
}

impl<V: Value> Load<V> {
    /// Stores what was loaded, or finds something to answer instead.
    pub async fn finish(self, loaded: Loaded<V>) -> Outcome<V> {
        let Flight { parts, key, .. } = &self.flight;
        parts.finish(key, &self.settings, &self.ticket, loaded).await
    }
}
