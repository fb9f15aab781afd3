//! A load with limits on its time.
//!
//! ```text
//! loading ── soft limit, a stale copy lives ──▶ caller answered with it; the load goes on
//!    │                                             │
//!    ├── done ──▶ stored, answered                 ├── done ──▶ stored
//!    └── hard limit ──▶ aborted: stale or error    └── hard limit ──▶ aborted
//! ```
//!
//! A process that was frozen or busy notices its limits late, and perhaps before results that arrived long ago. So a
//! hard limit that comes late waits for as long again as it is late, up to [`MOST_GRACE`].

use std::{future::Future, time::Duration};

use crate::{
    clock::{Time, Ttl},
    coherence::fence::Ticket,
    entry::key::Key,
    flow::state::CacheState,
    load::{Caller, Loaded, Outcome},
    observe::{
        Event, Kind,
        event::{LoaderFailure, StaleReason, TimeoutKind},
    },
    options::Settings,
    value::Value,
};

/// The longest that a hard limit waits for a result when it comes late.
const MOST_GRACE: Duration = Duration::from_millis(100);

impl<V: Value> CacheState<V> {
    pub(crate) async fn load_timed<C: Caller<V>>(
        &self,
        key: &Key,
        settings: &Settings,
        caller: &C,
        ticket: &Ticket,
    ) -> Outcome<V> {
        let limit = settings.timeouts.hard.unwrap_or(Ttl::FOREVER);
        let due = self.now().after(limit);
        let mut loading = caller.load();
        let mut soft = self.timers.sleep_ttl(settings.timeouts.soft);
        let mut hard = self.timers.sleep_ttl(settings.timeouts.hard);
        let mut soft_waits = settings.timeouts.soft.is_some();
        let mut answered = false;
        let loaded = loop {
            tokio::select! {
                biased;
                loaded = &mut loading => break Some(loaded),
                () = &mut hard => break self.late(&mut loading, due).await,
                () = &mut soft, if soft_waits => {
                    soft_waits = false;
                    // Those who come later to a refresh are answered as they come.
                    let is_awaited = !ticket.is_of_refresh() || self.kept.flights.is_joined(key, caller.id());
                    answered = is_awaited && self.answer_early(key, settings, caller);
                }
            }
        };
        match loaded {
            Some(_) if answered && caller.was_refused() => Outcome::Answered,
            Some(loaded) if caller.was_refused() => self.refuse(key, settings, ticket, loaded),
            Some(loaded) if !answered => self.finish(key, settings, ticket, loaded).await,
            Some(loaded) => {
                self.finish_in_background(key, settings, ticket, loaded).await;
                Outcome::Answered
            }
            None => {
                caller.abort(limit);
                self.tell_timeout(key, limit, TimeoutKind::Hard);
                self.tell_hard_timeout(key, limit, ticket);
                if answered {
                    return Outcome::Answered;
                }
                self.answer_instead(key, settings, ticket, StaleReason::HardTimeout)
                    .map_or(Outcome::HardTimeout(limit), Outcome::Value)
            }
        }
    }

    /// The outcome of a load whose hard limit was due then, if the limit comes late.
    async fn late(&self, loading: impl Future<Output = Loaded<V>>, due: Time) -> Option<Loaded<V>> {
        let grace = self.now().since(due).min(MOST_GRACE);
        if grace.is_zero() {
            return None;
        }
        let grace = self.timers.rest(grace)?;
        tokio::select! {
            biased;
            loaded = loading => Some(loaded),
            () = grace => None,
        }
    }

    /// The soft limit is over. Returns whether the caller gets a stale copy, while the load goes on.
    fn answer_early<C: Caller<V>>(&self, key: &Key, settings: &Settings, caller: &C) -> bool {
        if self.stale_copy(key, settings).is_none() {
            return false;
        }
        self.tell_timeout(key, settings.timeouts.soft.unwrap_or(Ttl::FOREVER), TimeoutKind::Soft);
        let Some(value) = self.answer_stale(key, settings, StaleReason::SoftTimeout) else { return false };
        caller.answer(value);
        true
    }

    /// The caller has its answer: only events tell an error, and no stale copy is looked for.
    async fn finish_in_background(&self, key: &Key, settings: &Settings, ticket: &Ticket, loaded: Loaded<V>) {
        if let Err(error) = loaded.came_to {
            let duration = self.now().since(ticket.started());
            self.observe.counters().add_load_time(duration);
            self.observe.emit(Kind::LoaderError, || Event::LoaderError {
                key: key.clone(),
                error: LoaderFailure::Thrown(error),
                duration_ms: duration,
            });
            return;
        }
        self.finish(key, settings, ticket, loaded).await;
    }

    fn tell_timeout(&self, key: &Key, limit: Ttl, kind: TimeoutKind) {
        self.observe.emit(Kind::LoaderTimeout, || Event::LoaderTimeout {
            key: key.clone(),
            timeout_ms: limit,
            kind,
        });
    }

    fn tell_hard_timeout(&self, key: &Key, limit: Ttl, ticket: &Ticket) {
        let duration = self.now().since(ticket.started());
        self.observe.counters().add_load_time(duration);
        self.observe.emit(Kind::LoaderError, || Event::LoaderError {
            key: key.clone(),
            error: LoaderFailure::HardTimeout(limit),
            duration_ms: duration,
        });
    }
}
