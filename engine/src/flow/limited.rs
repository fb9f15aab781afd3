//! Loads beyond the limit of running loaders: a stale copy answers, or they wait, or they are refused. JavaScript
//! runs the loaders, and counts them.

use crate::{
    coherence::fence::Ticket,
    entry::key::Key,
    flow::state::CacheState,
    load::{Loaded, Outcome},
    observe::{
        Event, Kind,
        event::{LimitOutcome, StaleReason},
    },
    options::Settings,
    value::{Failure, Value},
};

impl<V: Value> CacheState<V> {
    /// A load finds the limit reached. Returns whether it is to wait: not if a stale copy answers.
    pub(crate) fn limited(&self, key: &Key, settings: &Settings, has_room: bool) -> bool {
        let waits = has_room && self.stale_copy(key, settings).is_none();
        if waits {
            self.tell_limited(Kind::LoadQueued, key, LimitOutcome::Queued);
        }
        waits
    }

    /// The outcome of a load whose loader was not called.
    pub(super) fn refuse(
        &self,
        key: &Key,
        settings: &Settings,
        ticket: &Ticket,
        loaded: Loaded<V>,
    ) -> Outcome<V> {
        if let Some(value) = self.answer_instead(key, settings, ticket, StaleReason::LoadLimit) {
            return Outcome::Value(value);
        }
        self.tell_limited(Kind::LoadRefused, key, LimitOutcome::Refused);
        match loaded.came_to {
            Ok(value) => value.map_or(Outcome::Absent, Outcome::Value),
            Err(error) => Outcome::Failed(Failure::Thrown(error)),
        }
    }

    fn tell_limited(&self, kind: Kind, key: &Key, outcome: LimitOutcome) {
        self.observe.emit(kind, || Event::LoadLimited { key: key.clone(), outcome });
    }
}
