//! Reading, filling and clearing single layers.

use crate::{
    clock::{Time, Ttl},
    coherence::fence::Ticket,
    entry::{key::Key, pattern::Pattern},
    flow::{delete::StaleCopy, state::CacheState},
    l1::{Filled, Layer1, Life, Memory, Origin, Removal},
    load::notes::Note,
    observe::{Event, Kind, Level, MissLevel},
    options::{Settings, refresh::Lifespan},
    store::{Found, Guarded, MarkCell, StoreCall, StoreFuture},
    value::{BoxFuture, Value},
};

impl<V: Value> CacheState<V> {
    /// Returns a live value of the first layer, and emits the `hit` or `miss`. The memory layer is asked if it `sees`:
    /// if it has not missed messages.
    pub(crate) async fn read_l1(&self, key: &Key, stored: &Key, now: Time, sees: bool) -> Option<V> {
        let found = match &self.l1 {
            Layer1::Off => return None,
            _ if self.switches.skips_l1() => None,
            Layer1::Memory(_) if !sees => None,
            Layer1::Memory(memory) => self
                .get_l1(memory, key, stored, now)
                .and_then(|value| self.realized("get", key, stored, value)),
            // As in the second layer, see `may_hold_overtaken`.
            Layer1::Custom(_) if self.fence.stores_overtaken(key) => None,
            Layer1::Custom(store) => {
                self.run_l1("get", Some(key), store.get(stored)).await.flatten().map(|found| found.value)
            }
        };
        match found {
            Some(_) => {
                self.observe.emit(Kind::HitL1, || Event::Hit { key: key.clone(), level: Level::L1 });
            }
            None => {
                self.observe.emit(Kind::MissL1, || Event::Miss { key: key.clone(), level: MissLevel::L1 })
            }
        }
        found
    }

    /// Returns a value of the memory layer if it can be read; else removes it from the layer.
    pub(crate) fn realized(&self, operation: &'static str, key: &Key, stored: &Key, value: V) -> Option<V> {
        let Err(error) = value.realize() else { return Some(value) };
        if let Layer1::Memory(memory) = &self.l1 {
            memory.remove(stored);
        }
        self.observe.emit(Kind::L1Error, || Event::L1Error { operation, key: Some(key.clone()), error });
        None
    }

    /// Returns a value of the second layer, taken over into the first, and emits the `hit` or `miss`. The caller has
    /// just looked at the clock: it was `now`.
    pub(crate) async fn read_l2(
        &self,
        key: &Key,
        stored: &Key,
        now: Time,
        settings: &Settings,
        mark: Option<&MarkCell>,
    ) -> Option<V> {
        let l2 = self.l2.as_ref()?;
        let ticket = self.fence.read_ticket(key, now).for_second_layer();
        let found = self.ask_l2(l2, key, mark).await;
        let Some((found, _fill)) = self.valid(l2, key, found).await else {
            self.observe.emit(Kind::MissL2, || Event::Miss { key: key.clone(), level: MissLevel::L2 });
            return None;
        };
        self.observe.emit(Kind::HitL2, || Event::Hit { key: key.clone(), level: Level::L2 });
        Some(self.take_over(key, stored, found, settings, &ticket).await)
    }

    /// The value in the second layer. With its reads off it is asked for its mark alone, without which a load could not
    /// be stored there.
    pub(crate) async fn ask_l2(
        &self,
        l2: &Guarded<V>,
        key: &Key,
        mark: Option<&MarkCell>,
    ) -> Option<Found<V>> {
        let is_skipped = self.switches.skips_l2();
        if is_skipped && (mark.is_none() || !l2.store().counts_invalidations()) {
            return None;
        }
        let call = StoreCall { operation: "get", key: Some(key) };
        let is_overtaken = self.may_hold_overtaken(l2, key);
        l2.get(call, &self.entry_of(key), mark).await.filter(|_| !is_skipped && !is_overtaken)
    }

    /// Whether the second layer may have the value of a load that an invalidation has overtaken on its way there, and
    /// that is about to be removed. To be asked before the layer is. One that orders loads does not take such a value.
    pub(crate) fn may_hold_overtaken(&self, l2: &Guarded<V>, key: &Key) -> bool {
        !l2.store().counts_invalidations() && self.fence.stores_overtaken(key)
    }

    /// Keeps a value found in the second layer, unless something newer came first.
    pub(crate) async fn take_over(
        &self,
        key: &Key,
        stored: &Key,
        found: Found<V>,
        settings: &Settings,
        ticket: &Ticket,
    ) -> V {
        self.note_source(settings, || self.source_in_l2(settings, found.left));
        // Its tags are those of the entry, not those of this call.
        let tags = found.tags.as_deref().map(|counts| counts.iter().map(|count| count.tag.clone()).collect());
        let settings = match (&tags, &settings.tags) {
            (None, None) => settings,
            _ => &Settings { tags, ..settings.clone() },
        };
        let ttl = settings.l1_ttl.at_most(found.left);
        let filled = self.fill_l1(key, stored, (&found.value, found.cost), ttl, settings, ticket).await;
        if filled == Filled::Overtaken {
            return found.value;
        }
        if ticket.is_valid() {
            let note = Note { etag: found.etag, cost: found.cost, ..Note::default() };
            self.renew_stale(key, &found.value, note, settings, Some(ticket));
        }
        // Asked once the value is here: those that are here as messages begin to arrive are removed by that.
        if self.began_unheard(ticket) {
            Box::pin(self.forget_filled(key, stored, ticket)).await;
        }
        found.value
    }

    /// Puts a value that was read or loaded under `ticket` into the first layer. The time that its load took decides
    /// when it is refreshed, if that is known.
    pub(crate) async fn fill_l1(
        &self,
        key: &Key,
        stored: &Key,
        (value, cost): (&V, Option<Ttl>),
        ttl: Ttl,
        settings: &Settings,
        ticket: &Ticket,
    ) -> Filled {
        match &self.l1 {
            Layer1::Memory(memory) => {
                let now = self.now();
                let (stamp, expires) =
                    (ticket.started(), now.after(self.outage.cap(self.varied(ttl, settings.jitter.l1))));
                let life = Life {
                    stamp,
                    expires,
                    lease: settings.mirror_lease(),
                    asks: self.asks(Lifespan { stamp, expires, cost }),
                    origin: self.origin(ticket),
                    tags: settings.tags.as_ref(),
                };
                memory.fill(stored, value.clone(), life, ticket, now)
            }
            Layer1::Custom(_) if !ticket.is_valid() => Filled::Overtaken,
            Layer1::Custom(_) if ttl == Ttl::NONE => Filled::NotStored,
            Layer1::Custom(store) => {
                let set = store.set_with(stored, value, ttl, settings.l1_details(ttl));
                let set = self.run_l1("set", Some(key), set).await;
                if !ticket.is_valid() {
                    // The invalidation may have reached the store before the value did.
                    self.run_l1("delete", Some(key), store.delete(stored, None)).await;
                    return Filled::Overtaken;
                }
                if set.is_some() { Filled::Stored } else { Filled::NotStored }
            }
            Layer1::Off => Filled::NotStored,
        }
    }

    /// Removes a value that was read or loaded under that ticket from this instance.
    pub(super) async fn forget_filled(&self, key: &Key, stored: &Key, ticket: &Ticket) {
        self.kept.stale.remove(key);
        match &self.l1 {
            Layer1::Memory(memory) => memory.remove_filled(stored, ticket.started()),
            Layer1::Custom(_) | Layer1::Off => self.clear_l1(key, stored).await,
        }
    }

    pub(super) fn origin(&self, ticket: &Ticket) -> Origin {
        match &self.l2 {
            Some(l2) if ticket.is_of_peer() && !l2.store().is_shared() => Origin::MadeAlone,
            Some(l2) if ticket.is_of_second_layer() && l2.store().is_shared() => Origin::SharedLayer,
            Some(_) if ticket.is_of_second_layer() => Origin::PrivateLayer,
            _ => Origin::Made,
        }
    }

    /// Removes a key from the first layer.
    pub(crate) async fn clear_l1(&self, key: &Key, stored: &Key) {
        match &self.l1 {
            Layer1::Memory(memory) => memory.remove(stored),
            Layer1::Custom(store) => {
                self.run_l1("delete", Some(key), store.delete(stored, None)).await;
            }
            Layer1::Off => {}
        }
    }

    /// The same for an invalidation. A custom layer takes its time, in which a read of the old value may have
    /// renewed its stale copy.
    pub(crate) async fn invalidate_l1(&self, key: &Key, stored: &Key) {
        self.clear_l1(key, stored).await;
        if matches!(self.l1, Layer1::Custom(_)) {
            self.void(key);
        }
    }

    /// Removes all keys that match from the first layer. Returns the keys that it held, if their generations
    /// matter to anybody.
    pub(crate) async fn clear_l1_matching(&self, pattern: &Pattern, copies: StaleCopy) -> Vec<Key> {
        match &self.l1 {
            Layer1::Memory(memory) => self.remove_in_slices(memory, pattern, copies).await,
            Layer1::Custom(store) => {
                let stored = self.stored_pattern(pattern);
                self.run_l1("deleteByPattern", Some(&pattern.as_key()), store.delete_by_pattern(&stored))
                    .await;
                // As for a single key.
                self.void_matching_but(pattern, copies);
                Vec::new()
            }
            Layer1::Off => Vec::new(),
        }
    }

    /// Removes the matching keys that are there now, and yields to other tasks now and then: a delete of a
    /// million entries takes half a second.
    async fn remove_in_slices(&self, memory: &Memory<V>, pattern: &Pattern, copies: StaleCopy) -> Vec<Key> {
        let mut held = Vec::new();
        let mut removal = memory.removal();
        let mut had_turns = false;
        while !self.remove_slice(&mut removal, pattern, copies, &mut held) {
            if let Some(turn) = self.timers.turn() {
                turn.await;
                had_turns = true;
            }
        }
        if had_turns {
            // A read of a value that was removed later may have renewed its stale copy.
            self.void_matching_but(pattern, copies);
        }
        held
    }

    /// Removes one slice. Returns true for the last one.
    fn remove_slice(
        &self,
        removal: &mut Removal<'_, V>,
        pattern: &Pattern,
        copies: StaleCopy,
        held: &mut Vec<Key>,
    ) -> bool {
        let (now, is_versioned) = (self.now(), self.options.versioning);
        let counts = is_versioned || self.has_bus();
        let keeps = copies == StaleCopy::Kept && self.options.settings.fail_safe.stale_ttl().is_some();
        let mut expired = Vec::new();
        let is_last = removal.slice(|stored, value, expires| {
            let key = if is_versioned { unversioned(stored.as_bytes()) } else { stored.as_bytes() };
            if !pattern.matches(key) {
                return false;
            }
            if counts || keeps {
                let key = if is_versioned { Key::from_wtf8(key) } else { stored.clone() };
                if keeps && expires > now {
                    let ticket = self.fence.ticket(&key, now);
                    expired.push((key.clone(), stored.clone(), value.clone(), ticket));
                }
                if counts {
                    held.push(key);
                }
            }
            true
        });
        for (key, stored, value, ticket) in &expired {
            // Not a copy from an older generation.
            if *stored == *self.stored_key(key) {
                let tags = self.last_tags_of(stored);
                self.keep_stale(key, value, tags.as_ref(), ticket);
            }
        }
        is_last
    }

    /// The pattern that matches the stored keys of the keys that `pattern` matches.
    pub(crate) fn stored_pattern(&self, pattern: &Pattern) -> Pattern {
        if !self.options.versioning || pattern.is_everything() {
            return pattern.clone();
        }
        Pattern::from_wtf8(&[pattern.as_bytes(), b"::v*"].concat())
    }

    /// Runs an operation of a custom first layer. A failure emits an event and counts as nothing found.
    ///
    /// Boxed, as elsewhere where a layer may take its time: a request that never leaves the thread does not pay
    /// for the size of this future.
    pub(crate) fn run_l1<'a, T: Send + 'a>(
        &'a self,
        operation: &'static str,
        key: Option<&'a Key>,
        answer: StoreFuture<'a, T, V>,
    ) -> BoxFuture<'a, Option<T>> {
        Box::pin(async move {
            match answer.await {
                Ok(value) => Some(value),
                Err(error) => {
                    self.observe.emit(Kind::L1Error, || Event::L1Error {
                        operation,
                        key: key.cloned(),
                        error,
                    });
                    None
                }
            }
        })
    }
}

/// The key without its `::v<generation>`.
pub(super) fn unversioned(stored: &[u8]) -> &[u8] {
    let digits = stored.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    stored[..stored.len() - digits].strip_suffix(b"::v").filter(|_| digits > 0).unwrap_or(stored)
}

#[cfg(test)]
mod tests {
    use super::unversioned;

    #[test]
    fn only_a_version_at_the_end_is_taken_off() {
        assert_eq!(unversioned(b"user:1::v12"), b"user:1");
        assert_eq!(unversioned(b"user::v3::v0"), b"user::v3");
        assert_eq!(unversioned(b"user::v"), b"user::v");
        assert_eq!(unversioned(b"user:12"), b"user:12");
    }
}
