//! Refreshes: loads of values that are about to expire, in the background of a read.
//!
//! ```text
//! hit past the refresh point ──▶ answered ──▶ the second layer has a fresher value ──▶ taken over
//!                                   │
//!                                   ├── another instance has the lock ──▶ left to it
//!                                   └── loader ──▶ stored; failed: the next one waits
//! ```
//!
//! A refresh is a load: it has a ticket, and calls that come after the value has expired join it.

use std::sync::Arc;

use uuid::Uuid;

use crate::{
    clock::{Time, Ttl},
    coherence::fence::{HeldLock, Ticket},
    entry::key::Key,
    flow::{
        get::Missed,
        get_or_set::FlightGuard,
        locked::{Holding, acquire, beside},
        state::CacheState,
    },
    l1::{Layer1, Memory},
    load::{Caller, LoadId, Outcome, notes::Note},
    observe::{Event, Kind, event::StaleReason},
    options::{
        DEFAULT_INFLIGHT_TTL, Settings,
        refresh::{Lifespan, jittered},
    },
    store::{Found, Guarded, LockOf, MarkCell, StoreCall},
    value::Value,
};

/// How many lifetimes there are where values with the same one are stored together.
const STEPS: f64 = 64.0;
const MILLISECOND: Ttl = Ttl(1000);

/// A running refresh.
struct Refreshing<V: Value> {
    /// Others join it.
    flight: FlightGuard<V>,
    stored: Key,
    /// The life of the entry that it replaces.
    life: Lifespan,
}

/// How long a load has taken by now; `None` for a read.
fn cost_of(ticket: &Ticket, now: Time) -> Option<Ttl> {
    (!ticket.is_of_second_layer()).then(|| Ttl(now.0.saturating_sub(ticket.started().0)))
}

impl<V: Value> CacheState<V> {
    /// A lifetime that varies by up to that fraction.
    pub(super) fn varied(&self, ttl: Ttl, most: f64) -> Ttl {
        jittered(ttl, most, || self.chance.fraction())
    }

    /// The lifetime of a value in the second layer. That of a custom store varies by whole milliseconds, as Redis
    /// takes them.
    pub(super) fn l2_life(&self, l2: &Guarded<V>, settings: &Settings) -> Ttl {
        let most = settings.jitter.l2;
        if !l2.store().stores_together() {
            return self.varied(settings.l2_ttl, most);
        }
        let ttl = jittered(settings.l2_ttl, most, || (self.chance.fraction() * STEPS).floor() / STEPS);
        if ttl == settings.l2_ttl || ttl < MILLISECOND { ttl } else { Ttl(ttl.0 - ttl.0 % MILLISECOND.0) }
    }

    /// The time from which mirrors have to ask for an entry, as it may be loaded anew.
    pub(super) fn asks(&self, life: Lifespan) -> Time {
        let Layer1::Memory(memory) = &self.l1 else { return Time::NEVER };
        memory.refresh().map_or(Time::NEVER, |refresh| refresh.looks_from(life))
    }

    /// What is known of a loaded value: how long its load took, if refreshes are decided by that.
    pub(super) fn note_of_load(&self, settings: &Settings, ticket: &Ticket) -> Note {
        let cost = settings.refresh.xfetch.and_then(|_| cost_of(ticket, self.now()));
        Note { etag: settings.etag.clone(), cost, ..Note::default() }
    }

    /// Reads the memory layer. From the refresh point on, mirrors have to ask at each read whether one is due.
    pub(super) fn get_l1(&self, memory: &Memory<V>, key: &Key, stored: &Key, now: Time) -> Option<V> {
        if memory.refresh().is_none() {
            return memory.get(stored, now);
        }
        let (cost, pause) = (self.kept.notes.of(key).cost, self.kept.refreshing.of(key, now));
        memory.get_until(stored, now, |stamp, expires| {
            let asks = self.asks(Lifespan { stamp, expires, cost });
            if asks > now { asks } else { pause.unwrap_or(now) }
        })
    }

    /// A hit of `getOrSet`: answers it, and refreshes the value if that is due.
    pub(crate) async fn refresh_if_due<C: Caller<V>>(
        self: Arc<Self>,
        key: Key,
        value: V,
        settings: Arc<Settings>,
        caller: C,
    ) -> Outcome<V> {
        let Some(refreshing) = self.begin_refresh(key, &settings, caller.id()) else {
            return Outcome::Value(value);
        };
        caller.refresh(value);
        let outcome = self.refresh(&refreshing.flight.key, &settings, &caller).await;
        let pause = if outcome.is_some() { settings.fail_safe.backoff } else { settings.lock.poll };
        let live = self.end_refresh(&refreshing, pause);
        let Refreshing { flight, stored, .. } = &refreshing;
        // It may have come from a peer, in bytes.
        let live = || live.and_then(|value| self.realized("get", &flight.key, stored, value));
        match outcome {
            // Those who joined it had found nothing. A value may have come since, which is better than an error.
            Some(failed @ (Outcome::Failed(_) | Outcome::HardTimeout(_))) if settings.fail_safe.serves() => {
                live().map_or(failed, Outcome::Value)
            }
            Some(outcome) => outcome,
            // Callers that joined it had found nothing, so there was no live value then.
            None => match live() {
                Some(value) => Outcome::Value(value),
                None => {
                    let missed = Missed::at(self.now());
                    self.load_locked(&flight.key, &settings, &caller, missed).await
                }
            },
        }
    }

    fn begin_refresh(self: &Arc<Self>, key: Key, settings: &Settings, id: LoadId) -> Option<Refreshing<V>> {
        let Layer1::Memory(memory) = &self.l1 else { return None };
        let now = self.now();
        let stored = self.stored_key(&key).into_owned();
        let held = memory.look(&stored, now)?;
        let cost = self.kept.notes.of(&key).cost;
        let life = Lifespan { stamp: held.stamp, expires: held.expires, cost };
        if !settings.refresh.is_due(life, now, || self.chance.fraction())
            || self.kept.refreshing.of(&key, now).is_some()
        {
            return None;
        }
        if !settings.inflight.enabled {
            self.kept.flights.enter_alone(id, now);
        } else if !self.kept.flights.enter_free(&key, id, now, &settings.inflight) {
            return None;
        }
        // A refresh that does not end is waited for no longer than a load that does not end is joined.
        let longest = Some(settings.inflight.ttl).filter(|ttl| *ttl > Ttl::NONE);
        let longest = longest.unwrap_or(DEFAULT_INFLIGHT_TTL);
        self.kept.refreshing.put(&key, longest, now);
        memory.answer_until(&stored, now.after(longest), now);
        let tagged = settings.tags.as_ref().and_then(|tags| self.tagged_load_begins(&key, tags));
        let flight = FlightGuard { state: Arc::clone(self), key, id, tagged, is_uncacheable: false };
        Some(Refreshing { flight, stored, life })
    }

    /// Finds a fresher value in the second layer, or loads one. `None` if another instance loads it.
    async fn refresh<C: Caller<V>>(&self, key: &Key, settings: &Settings, caller: &C) -> Option<Outcome<V>> {
        let missed = match self.look_for_fresher(key, settings).await {
            Ok(value) => return Some(Outcome::Value(value)),
            Err(missed) => missed,
        };
        let locks = self.l2.as_ref().filter(|l2| settings.lock.enabled && l2.store().locks().is_some());
        let Some(l2) = locks else { return Some(self.load_anew(key, settings, caller, missed, None).await) };
        let stored = self.entry_of(key).into_owned();
        let token = Uuid::new_v4().to_string();
        let lock = LockOf { key, stored: &stored };
        let ends = self.now().after(settings.lock.ttl);
        let mut held = Holding::of(l2, lock, &token);
        match acquire(l2, lock, &token, settings).await {
            Some(true) => {
                // The former holder of the lock may have stored a value after we looked.
                let outcome = match self.look_for_fresher(key, settings).await {
                    Ok(value) => Outcome::Value(value),
                    Err(missed) => {
                        let lock = HeldLock { token: token.clone(), ends };
                        self.load_anew(key, settings, caller, missed, Some(lock)).await
                    }
                };
                held.release().await;
                Some(outcome)
            }
            Some(false) => {
                held.is_released = true;
                None
            }
            None => {
                let load = self.load_anew(key, settings, caller, missed, None);
                Some(beside(load, held.release()).await)
            }
        }
    }

    async fn load_anew<C: Caller<V>>(
        &self,
        key: &Key,
        settings: &Settings,
        caller: &C,
        missed: Missed,
        lock: Option<HeldLock>,
    ) -> Outcome<V> {
        let ticket = self.load_ticket(key, settings, missed).for_refresh();
        let ticket = match lock {
            Some(lock) => ticket.under_lock(lock),
            None => ticket,
        };
        self.observe.emit(Kind::Refresh, || Event::Refresh { key: key.clone() });
        self.load_under(&ticket, key, settings, caller).await
    }

    /// Another instance may have loaded the value: returns one from the second layer for which no refresh is due.
    async fn look_for_fresher(&self, key: &Key, settings: &Settings) -> Result<V, Missed> {
        let (mut mark, mut counts) = (None, None);
        if let Some(l2) = &self.l2 {
            let ticket = self.fence.read_ticket(key, self.now()).for_second_layer();
            let cell = MarkCell::default();
            let found;
            (found, counts) = tokio::join!(self.ask_l2(l2, key, Some(&cell)), self.count_tags(key, settings));
            if let Some((found, _fill)) = self.valid(l2, key, found).await
                && !self.is_alone(key)
                && let found = self.with_its_life(key, found, settings)
                && self.is_fresher(key, &found, settings)
            {
                return Ok(self.prolong(key, found, settings, &ticket, l2.store().is_shared()).await);
            }
            mark = l2.mark_in(&cell).await;
        }
        Err(Missed { at: self.now(), mark, counts })
    }

    /// A store that does not tell remaining lifetimes has the value since its load, if this instance loaded it.
    fn with_its_life(&self, key: &Key, found: Found<V>, settings: &Settings) -> Found<V> {
        if found.left != Ttl::FOREVER || settings.l2_ttl == Ttl::FOREVER {
            return found;
        }
        let Layer1::Memory(memory) = &self.l1 else { return found };
        let now = self.now();
        let held = memory.look(&self.stored_key(key), now).filter(|held| !held.is_taken_over);
        let ends = held.map_or(now, |held| held.stamp.after(settings.l2_ttl));
        Found { left: Ttl(ends.0.saturating_sub(now.0)), ..found }
    }

    fn is_fresher(&self, key: &Key, found: &Found<V>, settings: &Settings) -> bool {
        let here = self.peek(key).map_or(Ttl::NONE, |held| held.lifetime_left());
        let least = settings.refresh.least_left(settings.l2_ttl, self.kept.notes.of(key).cost);
        found.left > here && found.left > least
    }

    /// The second layer has not got the value that memory has from here on, or from before a write that failed: if it
    /// is a private one, the two are not the same.
    pub(super) fn set_alone(&self, l2: &Guarded<V>, stored: &Key) {
        if let Layer1::Memory(memory) = &self.l1
            && !l2.store().is_shared()
        {
            memory.set_alone(stored);
        }
    }

    fn is_alone(&self, key: &Key) -> bool {
        let Layer1::Memory(memory) = &self.l1 else { return false };
        memory.is_alone(&self.stored_key(key), self.now())
    }

    /// A value of the second layer replaces that of the memory layer. One of a private layer is mostly the same, but
    /// such a store may be one of several instances after all.
    async fn prolong(
        &self,
        key: &Key,
        found: Found<V>,
        settings: &Settings,
        ticket: &Ticket,
        is_shared: bool,
    ) -> V {
        let stored = self.stored_key(key);
        if !is_shared && let Layer1::Memory(memory) = &self.l1 {
            let now = self.now();
            let life = self.varied(settings.l1_ttl.at_most(found.left), settings.jitter.l1);
            let expires = now.after(self.outage.cap(life));
            if memory.prolong(&stored, found.value.clone(), expires, ticket, now) {
                let cost = found.cost.or_else(|| self.kept.notes.of(key).cost);
                let note = Note { etag: found.etag, cost, ..Note::default() };
                let settings = &Settings { tags: self.tags_of(&stored), ..settings.clone() };
                self.renew_stale(key, &found.value, note, settings, Some(ticket));
            }
            return found.value;
        }
        self.take_over(key, &stored, found, settings, ticket).await
    }

    /// The stale copy, for a caller whose load is a refresh that has passed its soft limit: that answers nobody before
    /// somebody waits.
    pub(super) fn stale_beside_refresh(&self, key: &Key, settings: &Settings, now: Time) -> Option<V> {
        let soft = settings.timeouts.soft?;
        let since = self.kept.flights.refreshing(key, now, &settings.inflight)?;
        let is_over = since.after(soft) <= now;
        if is_over { self.answer_stale(key, settings, StaleReason::SoftTimeout) } else { None }
    }

    /// The loader of a refresh has found nothing, so the value that it was to replace is gone: also from the second
    /// layer, where it would be found again.
    pub(super) async fn remove_replaced(&self, key: &Key, ticket: &Ticket) {
        let Layer1::Memory(memory) = &self.l1 else { return };
        let stored = self.stored_key(key);
        if !ticket.is_valid() || memory.remove_unless_newer(&stored, ticket.started(), self.now()) {
            return;
        }
        let Some(l2) = &self.l2 else { return };
        let (call, entry) = (StoreCall { operation: "delete", key: Some(key) }, self.entry_of(key));
        // Not as an invalidation, which would overtake the loads of other instances.
        l2.run(call, |store| store.discard(&entry)).await;
        // A read may have taken the value over in between.
        memory.remove_taken_over(&stored);
    }

    /// The answer of a load that failed. Nobody waits for a refresh whose value still lives.
    pub(crate) fn answer_instead(
        &self,
        key: &Key,
        settings: &Settings,
        ticket: &Ticket,
        reason: StaleReason,
    ) -> Option<V> {
        if ticket.is_of_refresh() && self.peek(key).is_some() {
            return None;
        }
        self.answer_stale(key, settings, reason)
    }

    /// Ends a refresh. If it has left the entry as it was, the next one waits for `pause`. Returns the live value.
    fn end_refresh(&self, refreshing: &Refreshing<V>, pause: Ttl) -> Option<V> {
        let Layer1::Memory(memory) = &self.l1 else { return None };
        let now = self.now();
        let Refreshing { flight, stored, life } = refreshing;
        let held = memory.look(stored, now);
        let is_as_it_was = |(stamp, expires)| stamp == life.stamp && expires == life.expires;
        if held.as_ref().is_some_and(|held| is_as_it_was((held.stamp, held.expires))) {
            self.kept.refreshing.put(&flight.key, pause, now);
            memory.answer_until(stored, now.after(pause), now);
        } else {
            self.kept.refreshing.remove(&flight.key);
        }
        held.map(|held| held.value)
    }
}
