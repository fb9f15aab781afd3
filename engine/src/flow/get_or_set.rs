//! `getOrSet`: a read; on a miss one load per key, whose value goes into the layers and to the peers.

use std::sync::Arc;

use crate::{
    clock::{Time, Ttl},
    coherence::fence::Ticket,
    entry::key::Key,
    flow::{
        fill_l2::Written,
        get::{Missed, Read},
        state::CacheState,
        tags::Overtaken,
    },
    l1::{Filled, Layer1},
    load::{Caller, CameTo, LoadId, Loaded, Outcome, directives::Verdict, flight::Entered},
    observe::{
        Event, Kind, Levels,
        event::{BypassReason, LoaderFailure, StaleReason},
    },
    options::Settings,
    store::{Guarded, Mark, MarkCell, StoreCall},
    value::{Failure, Value},
};

impl<V: Value> CacheState<V> {
    pub(crate) async fn get_or_set<C: Caller<V>>(
        self: Arc<Self>,
        key: Key,
        settings: Arc<Settings>,
        caller: C,
    ) -> Outcome<V> {
        let refreshed = settings.refresh.is_on().then(|| key.clone());
        let (flight, missed) = match self.enter(key, &settings, caller.id()).await {
            Ok(entered) => entered,
            Err(Outcome::Value(value)) if let Some(key) = refreshed => {
                return Box::pin(self.refresh_if_due(key, value, settings, caller)).await;
            }
            Err(outcome) => return outcome,
        };
        if settings.lock.enabled && self.l2.is_some() && !flight.is_uncacheable {
            Box::pin(self.load_locked(&flight.key, &settings, &caller, missed)).await
        } else {
            self.load(&flight.key, &settings, &caller, missed).await
        }
    }

    /// Reads; on a miss enters a load to run, unless it can join a running one.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        key: Key,
        settings: &Settings,
        id: LoadId,
    ) -> Result<(FlightGuard<V>, Missed), Outcome<V>> {
        let read = match (settings.was_read, self.counting_l2()) {
            (true, None) => self.read_absence(&key),
            (true, Some(l2)) => {
                let asked =
                    Box::pin(async { tokio::join!(self.mark_of(l2, &key), self.count_tags(&key, settings)) });
                match (self.read_absence(&key), asked.await) {
                    (Read::Miss(missed), (mark, counts)) => Read::Miss(Missed { mark, counts, ..missed }),
                    (read, _) => read,
                }
            }
            (false, counting) => {
                let mark = MarkCell::default();
                self.read(&key, settings, counting.map(|_| &mark)).await
            }
        };
        let missed = match read {
            Read::Hit(value) => return Err(Outcome::Value(value)),
            Read::Negative => return Err(Outcome::Absent),
            Read::Miss(missed) => missed,
        };
        let now = missed.at;
        let is_uncacheable = self.kept.uncacheable.of(&key, now).is_some();
        if settings.inflight.enabled && !is_uncacheable {
            if !settings.was_read
                && self.l2.is_some()
                && let Some(came) = self.loaded_meanwhile(&key, settings)
            {
                self.observe.emit(Kind::InflightReuse, || Event::InflightReuse { key });
                return Err(came);
            }
            if let Some(value) = self.stale_beside_refresh(&key, settings, now) {
                self.observe.emit(Kind::InflightReuse, || Event::InflightReuse { key });
                return Err(Outcome::Value(value));
            }
            match self.kept.flights.enter(&key, id, now, &settings.inflight) {
                Entered::Joins(leader) => {
                    self.observe.emit(Kind::InflightReuse, || Event::InflightReuse { key: key.clone() });
                    return Err(Outcome::Joined(leader));
                }
                Entered::Leads => {}
                Entered::Full => {
                    self.observe.emit(Kind::InflightBypass, || Event::InflightBypass {
                        key: key.clone(),
                        reason: BypassReason::MaxEntries,
                    });
                }
            }
        } else {
            self.kept.flights.enter_alone(id, now);
        }
        let tagged = settings.tags.as_ref().and_then(|tags| self.tagged_load_begins(&key, tags));
        Ok((FlightGuard { state: Arc::clone(self), key, id, tagged, is_uncacheable }, missed))
    }

    /// The outcome of a load that has begun and ended while this caller waited for the second layer, whose answers may
    /// come long after each other.
    fn loaded_meanwhile(&self, key: &Key, settings: &Settings) -> Option<Outcome<V>> {
        let Layer1::Memory(memory) = &self.l1 else { return None };
        if self.switches.skips_l1() || self.outage.is_blind() {
            return None;
        }
        let now = self.now();
        if self.kept.negatives.holds(key, now) {
            self.note_source(settings, || self.source_in_negatives(key));
            return Some(Outcome::Absent);
        }
        let stored = self.stored_key(key);
        let value = self.get_l1(memory, key, &stored, now)?;
        let value = self.realized("get", key, &stored, value)?;
        self.note_source(settings, || self.source_in_l1(key));
        Some(Outcome::Value(value))
    }

    /// The second layer, if it orders loads against the invalidations of other instances.
    pub(super) fn counting_l2(&self) -> Option<&Guarded<V>> {
        self.l2.as_ref().filter(|l2| l2.store().counts_invalidations())
    }

    /// How far the second layer has counted invalidations, for a caller that has already read the key.
    async fn mark_of(&self, l2: &Guarded<V>, key: &Key) -> Option<Mark> {
        let mark = MarkCell::default();
        let call = StoreCall { operation: "get", key: Some(key) };
        l2.get(call, &self.entry_of(key), Some(&mark)).await;
        l2.mark_in(&mark).await
    }

    /// Runs the loader after a read that found nothing, and handles its outcome.
    pub(crate) async fn load<C: Caller<V>>(
        &self,
        key: &Key,
        settings: &Settings,
        caller: &C,
        missed: Missed,
    ) -> Outcome<V> {
        let ticket = self.load_ticket(key, settings, missed);
        self.load_under(&ticket, key, settings, caller).await
    }

    /// Returns a ticket for a load that starts now. If its value is to be sent, the ticket has the numbers of
    /// the other instances that were seen so far.
    pub(crate) fn load_ticket(&self, key: &Key, settings: &Settings, missed: Missed) -> Ticket {
        let Missed { at, mark, counts } = missed;
        let ticket = self.fence.ticket(key, at).marked(mark).counted(counts, self.kept.counts.moment());
        if self.sends_loaded(settings) { ticket.having_seen(self.recent.seen()) } else { ticket }
    }

    /// The same with a ticket that has been taken.
    pub(crate) async fn load_under<C: Caller<V>>(
        &self,
        ticket: &Ticket,
        key: &Key,
        settings: &Settings,
        caller: &C,
    ) -> Outcome<V> {
        self.observe.emit(Kind::LoaderStart, || Event::LoaderStart { key: key.clone() });
        if settings.timeouts.soft.is_some() || settings.timeouts.hard.is_some() {
            return Box::pin(self.load_timed(key, settings, caller, ticket)).await;
        }
        let loaded = caller.load().await;
        if caller.was_refused() {
            return self.refuse(key, settings, ticket, loaded);
        }
        self.finish(key, settings, ticket, loaded).await
    }

    /// Ends a load that was led outside of the engine and began at `started`. Its leader knows whether an
    /// invalidation or a write of its key has overtaken it.
    pub(crate) async fn finish_load(
        &self,
        key: &Key,
        settings: &Settings,
        started: Time,
        overtaken: bool,
        loaded: Loaded<V>,
    ) -> Outcome<V> {
        let ticket = self.fence.ticket(key, started).counted(None, self.kept.counts.moment());
        let ticket = if overtaken { ticket.overtaken() } else { ticket };
        self.finish(key, settings, &ticket, loaded).await
    }

    /// Stores the loaded value, or finds another answer after a failure.
    pub(crate) async fn finish(
        &self,
        key: &Key,
        settings: &Settings,
        ticket: &Ticket,
        loaded: Loaded<V>,
    ) -> Outcome<V> {
        match loaded.directives {
            None => self.conclude(key, settings, ticket, loaded.came_to, Verdict::Keep).await,
            Some(mut given) => {
                // The source is asked for by the call, and perhaps told already: directives come later.
                if settings.source.is_some() || given.settings.source.is_some() {
                    given.settings =
                        Arc::new(Settings { source: settings.source.clone(), ..(*given.settings).clone() });
                }
                Box::pin(self.finish_directed(key, ticket, loaded.came_to, *given)).await
            }
        }
    }

    /// The same with a verdict about the value.
    pub(crate) async fn conclude(
        &self,
        key: &Key,
        settings: &Settings,
        ticket: &Ticket,
        came_to: CameTo<V>,
        verdict: Verdict,
    ) -> Outcome<V> {
        let duration = self.now().since(ticket.started());
        self.observe.counters().add_load_time(duration);
        match came_to {
            Ok(Some(value)) => {
                self.observe.emit(Kind::LoaderSuccess, || Event::LoaderSuccess {
                    key: key.clone(),
                    duration_ms: duration,
                });
                let is_kept = verdict != Verdict::Skip
                    && self.store_loaded(key, &value, settings, ticket, verdict).await;
                let left = if is_kept { self.kept_for(key, settings) } else { Ttl::NONE };
                self.note_source(settings, || self.source_in_load(ticket, left));
                Outcome::Value(value)
            }
            Ok(None) => {
                self.observe.emit(Kind::LoaderSuccess, || Event::LoaderSuccess {
                    key: key.clone(),
                    duration_ms: duration,
                });
                if verdict != Verdict::Skip {
                    let is_gone = self.kept.stale.remove_gone(key, ticket);
                    if ticket.is_of_refresh() {
                        Box::pin(self.remove_replaced(key, ticket)).await;
                    }
                    self.remember_absence(key, settings, ticket).await;
                    if is_gone && self.peek(key).is_none() {
                        self.kept.notes.remove(key);
                    }
                }
                let left = settings.negative.lifetime().map_or(Ttl::NONE, |ttl| self.outage.cap(ttl));
                self.note_source(settings, || self.source_in_load(ticket, left));
                Outcome::Absent
            }
            Err(error) => {
                let thrown = LoaderFailure::Thrown(error.clone());
                self.observe.emit(Kind::LoaderError, || Event::LoaderError {
                    key: key.clone(),
                    error: thrown,
                    duration_ms: duration,
                });
                self.answer_instead(key, settings, ticket, StaleReason::LoaderError)
                    .map_or(Outcome::Failed(Failure::Thrown(error)), Outcome::Value)
            }
        }
    }

    /// The stale copy of a key, if fail-safe is on and there is one, with its `stale:hit`.
    pub(crate) fn answer_stale(&self, key: &Key, settings: &Settings, reason: StaleReason) -> Option<V> {
        let value = self.stale_copy(key, settings).filter(|value| value.realize().is_ok())?;
        self.note_source(settings, || self.source_in_stale(key));
        self.observe.emit(Kind::StaleHit, || Event::StaleHit { key: key.clone(), reason });
        Some(value)
    }

    /// The same, without an event. The life of a copy was fixed when it was made.
    pub(crate) fn stale_copy(&self, key: &Key, settings: &Settings) -> Option<V> {
        if settings.fail_safe.serves() { self.kept.stale.get(key, self.now()) } else { None }
    }

    /// Stores a loaded value. Returns whether it is kept.
    async fn store_loaded(
        &self,
        key: &Key,
        value: &V,
        settings: &Settings,
        ticket: &Ticket,
        verdict: Verdict,
    ) -> bool {
        if self.keeps_nowhere(settings) {
            if settings.is_of_owner {
                Box::pin(self.remove_if_overtaken(key, ticket)).await;
            }
            if ticket.is_valid() {
                self.forget_absence(key);
            }
            return false;
        }
        let tagged = settings.tags.as_ref().map(|tags| self.names_tags(key, tags, ticket));
        if matches!(tagged, Some(Err(Overtaken))) {
            return false;
        }
        let stored = self.stored_key(key);
        // Running reads may have found an older value, in a layer that failed as the load began.
        let waits = self.l2.is_some() || matches!(self.l1, Layer1::Custom(_));
        let storing = waits.then(|| ticket.storing());
        let note = self.note_of_load(settings, ticket);
        let filled = self.fill_l1(key, &stored, (value, note.cost), settings.l1_ttl, settings, ticket).await;
        if filled == Filled::Overtaken || !ticket.is_valid() {
            return false;
        }
        let in_l1 = filled == Filled::Stored;
        self.forget_absence(key);
        self.renew_stale(key, value, note, settings, Some(ticket));
        let is_sent = self.sends_loaded(settings);
        let value = if is_sent && verdict == Verdict::Keep && self.l2.is_some() {
            &value.packed_once()
        } else {
            value
        };
        let written = if self.l2.is_some() {
            Box::pin(self.fill_l2(key, value, settings, ticket)).await
        } else {
            Written::No
        };
        drop(storing);
        if written != Written::Yes
            && let Some(l2) = &self.l2
        {
            self.set_alone(l2, &stored);
        }
        if written == Written::Refused || (written != Written::Yes && self.began_unheard(ticket)) {
            // Another instance has loaded or deleted the key meanwhile: its value or delete is newer, here too. Or it
            // may have, before it could be heard.
            self.observe.emit(Kind::LoadOvertaken, || Event::LoadOvertaken { key: key.clone() });
            Box::pin(self.forget_filled(key, &stored, ticket)).await;
            return false;
        }
        if ticket.is_valid() {
            // The layers that exist, whether or not the second could take the value now.
            let is_meant = self.l2.is_some() && settings.l2_ttl != Ttl::NONE;
            let in_l2 = is_meant && !matches!(written, Written::TooLate | Written::Unread);
            self.tell_stored(key, verdict, Levels { l1: in_l1, l2: in_l2 }, settings);
            if is_sent && written != Written::TooLate {
                Box::pin(self.tell_loaded(key, value, settings, ticket, verdict)).await;
            }
        }
        ticket.is_valid()
    }

    async fn remember_absence(&self, key: &Key, settings: &Settings, ticket: &Ticket) {
        let Some(ttl) = settings.negative.lifetime().map(|ttl| self.outage.cap(ttl)) else { return };
        if settings.tags.is_some() {
            self.kept.negatives.expect_tags();
        }
        if !self.kept.negatives.fill(key, ttl, settings.negative.entries, ticket, self.now()) {
            return;
        }
        // Asked once the entry is there: a newer value that comes later removes it, as the first messages do.
        let stored = self.stored_key(key);
        let is_newer = match &self.l1 {
            Layer1::Memory(memory) => memory.remove_unless_newer(&stored, ticket.started(), self.now()),
            Layer1::Custom(_) | Layer1::Off => false,
        };
        if is_newer || self.began_unheard(ticket) {
            return self.kept.negatives.remove(key);
        }
        // A live negative entry ends every read, also those that a mirror answers.
        self.kept.flights.unpublish(key);
        if matches!(self.l1, Layer1::Custom(_)) {
            self.clear_l1(key, &stored).await;
        }
        self.observe.emit(Kind::NegativeSet, || Event::NegativeSet { key: key.clone(), ttl_ms: ttl });
    }
}

/// A tracked load; it ends with its request, also if the request is dropped halfway.
pub(crate) struct FlightGuard<V: Value> {
    pub(crate) state: Arc<CacheState<V>>,
    pub(crate) key: Key,
    pub(super) id: LoadId,
    /// The number of the load among those whose values have tags.
    pub(super) tagged: Option<u64>,
    /// Whether nobody waits for the load: an earlier loader has skipped.
    pub(super) is_uncacheable: bool,
}

impl<V: Value> Drop for FlightGuard<V> {
    fn drop(&mut self) {
        self.state.kept.flights.leave(&self.key, self.id);
        if let Some(number) = self.tagged {
            self.state.tagged_load_ended(number);
        }
    }
}
