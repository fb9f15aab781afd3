//! A load with limits on its time.
//!
//! ```text
//! loading ── soft limit, a stale copy lives ──▶ caller answered with it; the load goes on
//!    │                                             │
//!    ├── done ──▶ stored, answered                 ├── done ──▶ stored
//!    └── hard limit ──▶ aborted: stale or error    └── hard limit ──▶ aborted
//! ```

use crate::{
    clock::Ttl,
    coherence::fence::Ticket,
    entry::key::Key,
    flow::parts::Parts,
    load::{Caller, Outcome},
    observe::{
        Event, Kind,
        event::{LoaderFailure, StaleReason, TimeoutKind},
    },
    options::Settings,
    value::Value,
};

impl<V: Value> Parts<V> {
    pub(crate) async fn load_timed<C: Caller<V>>(
        &self,
        key: &Key,
        settings: &Settings,
        caller: &C,
        ticket: &Ticket,
    ) -> Outcome<V> {
        let mut loading = caller.load();
        let mut soft = self.timers.sleep_ttl(settings.timeouts.soft);
        let mut hard = self.timers.sleep_ttl(settings.timeouts.hard);
        let mut soft_waits = settings.timeouts.soft.is_some();
        let mut answered = false;
        loop {
            tokio::select! {
                biased;
                loaded = &mut loading => {
                    if !answered {
                        return self.finish(key, settings, ticket, loaded).await;
                    }
                    self.finish_in_background(key, settings, ticket, loaded).await;
                    return Outcome::Answered;
                }
                () = &mut hard => {
                    let limit = settings.timeouts.hard.unwrap_or(Ttl::FOREVER);
                    caller.abort(limit);
                    self.tell_timeout(key, limit, TimeoutKind::Hard);
                    self.tell_hard_timeout(key, limit, ticket);
                    if answered {
                        return Outcome::Answered;
                    }
                    return self
                        .answer_stale(key, settings, StaleReason::HardTimeout)
                        .map_or(Outcome::HardTimeout(limit), Outcome::Value);
                }
                () = &mut soft, if soft_waits => {
                    soft_waits = false;
                    if self.stale_copy(key, settings).is_some() {
                        self.tell_timeout(key, settings.timeouts.soft.unwrap_or(Ttl::FOREVER), TimeoutKind::Soft);
                        if let Some(value) = self.answer_stale(key, settings, StaleReason::SoftTimeout) {
                            caller.answer(value);
                            answered = true;
                        }
                    }
                }
            }
        }
    }

    /// The caller has its answer: an error is told by events alone, and no stale copy is looked for.
    async fn finish_in_background(
        &self,
        key: &Key,
        settings: &Settings,
        ticket: &Ticket,
        loaded: crate::load::Loaded<V>,
    ) {
        if let Err(error) = loaded {
            let duration = self.now().since(ticket.started());
            self.observe.emit(Kind::LoaderError, || Event::LoaderError {
                key: key.clone(),
                error: LoaderFailure::Thrown(error),
                duration,
            });
            return;
        }
        self.finish(key, settings, ticket, loaded).await;
    }

    fn tell_timeout(&self, key: &Key, limit: Ttl, kind: TimeoutKind) {
        self.observe.emit(Kind::LoaderTimeout, || Event::LoaderTimeout { key: key.clone(), limit, kind });
    }

    fn tell_hard_timeout(&self, key: &Key, limit: Ttl, ticket: &Ticket) {
        let duration = self.now().since(ticket.started());
        self.observe.emit(Kind::LoaderError, || Event::LoaderError {
            key: key.clone(),
            error: LoaderFailure::HardTimeout(limit),
            duration,
        });
    }
}
