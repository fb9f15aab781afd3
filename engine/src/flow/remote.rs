//! Applies messages of other instances. Nothing here publishes.

use std::borrow::Cow;

use crate::{
    bus::{Body, Message},
    clock::Ttl,
    coherence::recent::{Admission, Target},
    entry::{key::Key, pattern::Pattern, tags::Tags},
    flow::{delete::StaleCopy, state::CacheState, tags::keys_of},
    l1::{Filled, Layer1},
    observe::{
        Event, Kind,
        event::{GapReason, ReceivedLevel},
    },
    options::Settings,
    store::{Guarded, StoreCall},
    value::Value,
};

/// A key that the delete of a peer has removed from L1.
struct Removed<'k> {
    /// The key under which it was stored in the private layers of this instance.
    stored: Cow<'k, Key>,
    /// If L1 had no entry and the message's count is behind: the count here. The message is reported as stale.
    stale_behind: Option<u64>,
}

/// Whether the stale copies of the keys of a message stay.
fn copies_of<V>(message: &Message<V>) -> StaleCopy {
    if message.expires { StaleCopy::Kept } else { StaleCopy::Removed }
}

impl<V: Value> CacheState<V> {
    pub(crate) async fn apply(&self, message: Message<V>) {
        if !self.concerns(&message) {
            return self.hear(&message);
        }
        if !self.seen.is_first(&message.identity(), self.now()) {
            self.hear(&message);
            self.observe.emit(Kind::InvalidationDuplicate, || Event::InvalidationDuplicate {
                event_id: message.event_id(),
                event_type: message.body.kind(),
                event: message,
            });
            return;
        }
        if message.source == self.options.source {
            let Some(publisher) = self.publisher().filter(|publisher| publisher.disowns(&message)) else {
                return self.hear(&message);
            };
            // Values of that other instance, which are not numbered, were mistaken for values of this one.
            if publisher.note_impersonation() {
                self.heal(GapReason::SharedSource, 0).await;
            }
        }
        match &message.body {
            Body::Delete(keys) => self.apply_deletes(keys, &message).await,
            Body::Pattern(pattern) => self.apply_pattern(pattern, &message).await,
            Body::Set { keys, value, ttl } => {
                self.tell_received(&message);
                let Some(ttl) = self.left_of(*ttl, message.stamped) else { return };
                for key in keys {
                    self.apply_set(key, value, ttl, &message).await;
                }
            }
            Body::Extend { keys, version, ttl } => {
                self.tell_received(&message);
                let Some(ttl) = self.left_of(*ttl, message.stamped) else { return };
                for key in keys {
                    self.apply_extension(key, version, ttl, &message);
                }
            }
        }
    }

    /// Emits the event of a received message. A handler that reads then finds no L1 entry that an invalidation
    /// has removed.
    fn tell_received(&self, message: &Message<V>) {
        self.observe.emit(Kind::InvalidationReceived, || Event::InvalidationReceived {
            event_id: message.event_id(),
            event_type: message.body.kind(),
            event: message.clone(),
        });
    }

    /// Notes the number of a message that is not applied: a load that begins from now on is younger.
    fn hear(&self, message: &Message<V>) {
        if let Some(number) = &message.number {
            self.recent.heard(number, self.now());
        }
    }

    /// Whether a message is for this cache. A message without a name is for all caches. A cache without a name
    /// cannot tell whether another one is its peer: it applies every delete, which costs hits at most, and no
    /// value.
    fn concerns(&self, message: &Message<V>) -> bool {
        match (&self.options.name, &message.cache) {
            (_, None) => true,
            (None, Some(_)) => !message.body.is_of_load(),
            (Some(name), Some(named)) => name == named,
        }
    }

    async fn apply_deletes(&self, keys: &[Key], message: &Message<V>) {
        let copy = copies_of(message);
        let mut removed = Vec::with_capacity(keys.len());
        for key in keys {
            removed.push(self.remove_received(key, message).await);
        }
        if !message.tags.is_empty() {
            for tag in &message.tags {
                self.remember(|| Target::tag(tag), message);
            }
            self.forget_counts(&message.tags);
            self.remove_tagged(&message.tags, copy).await;
        }
        self.tell_received(message);
        self.tell_tags(&message.tags, true, message.expires);
        for (key, Removed { stored, stale_behind }) in keys.iter().zip(removed) {
            if let Some(l2) = self.private_l2() {
                let call = StoreCall { operation: "delete", key: Some(key) };
                l2.delete(call, &stored, None).await;
                self.void_but(key, copy);
                self.leave_l1(key, &stored, copy).await;
            }
            match stale_behind {
                Some(known) => self.tell_stale(key, message, known),
                None => {
                    self.observe.emit(Kind::Delete, || Event::Delete {
                        key: key.clone(),
                        remote: true,
                        expired: message.expires,
                    });
                }
            }
        }
    }

    /// Removes a key from L1. Every delete is applied, whatever counts and clocks say: its sender may have
    /// restarted and count anew.
    async fn remove_received<'k>(&self, key: &'k Key, message: &Message<V>) -> Removed<'k> {
        let known = self.generations.known(key);
        let stored = self.stored_key(key);
        let is_behind = message.generation.is_some_and(|generation| generation < known);
        let stale_behind = (is_behind && self.holds_none(&stored)).then_some(known);
        self.remember(|| Target::Key(key.clone()), message);
        let copy = copies_of(message);
        if copy == StaleCopy::Kept {
            self.keep_as_stale(key, &stored);
        }
        // Before the generation rises: a load that runs must not be stored under the new one.
        self.void_but(key, copy);
        let catches_up = |generation| self.generations.catch_up(key, generation);
        if !message.generation.is_some_and(catches_up) && self.options.versioning {
            self.generations.raise(key);
        }
        self.leave_l1(key, &stored, copy).await;
        Removed { stored, stale_behind }
    }

    /// Remembers a numbered invalidation, with which later values of peers are compared. Called before anything
    /// is voided: a value that is compared too early for it has its ticket by then.
    fn remember(&self, target: impl FnOnce() -> Target, message: &Message<V>) {
        if let Some(number) = &message.number {
            self.recent.applies(&target(), number, self.now());
        }
    }

    /// Whether no private layer of this instance can have the key.
    fn holds_none(&self, stored: &Key) -> bool {
        let in_l1 = match &self.l1 {
            Layer1::Memory(memory) => memory.peek(stored, self.now()).is_some(),
            Layer1::Custom(_) => true,
            Layer1::Off => false,
        };
        !in_l1 && self.private_l2().is_none() && !self.options.versioning
    }

    async fn apply_pattern(&self, pattern: &Pattern, message: &Message<V>) {
        let copies = copies_of(message);
        self.remember(|| Target::Pattern(pattern.clone()), message);
        let removing = self.recent.removes(pattern, message.number.is_some());
        self.void_matching_but(pattern, copies);
        let held = self.clear_l1_matching(pattern, copies).await;
        self.raise_matching(pattern, &held).await;
        drop(removing);
        self.tell_received(message);
        if let Some(l2) = self.private_l2() {
            let (stored, named) = (self.stored_pattern(pattern), pattern.as_key());
            let call = StoreCall { operation: "deleteByPattern", key: Some(&named) };
            l2.delete_by_pattern(call, &stored).await;
            self.void_matching_but(pattern, copies);
            self.clear_l1_matching(pattern, copies).await;
        }
        self.observe.emit(Kind::DeletePattern, || Event::DeletePattern {
            pattern: pattern.clone(),
            remote: true,
            expired: message.expires,
        });
    }

    /// How long a value of a peer may live here: no longer than at its sender, by both wall clocks, and no
    /// longer than a value that is loaded here. None if its life is over.
    fn left_of(&self, ttl: Option<Ttl>, stamped: u64) -> Option<Ttl> {
        let most = self.options.settings.l1_ttl;
        let Some(ttl) = ttl.filter(|ttl| *ttl != Ttl::FOREVER) else { return Some(most) };
        // Without a stamp the age is unknown, and so it is with a stamp ahead of this clock.
        let age = if stamped == 0 { 0 } else { self.clock.wall_millis().saturating_sub(stamped) };
        let left = ttl.0.saturating_sub(age.saturating_mul(1000));
        (left > 0).then(|| most.at_most(Ttl(left)))
    }

    /// Keeps a value of a peer, unless an invalidation of its key came after its load had begun, or may have
    /// come. The invalidations that its load had seen decide that, and the count of the key's deletes.
    async fn apply_set(&self, key: &Key, value: &V, ttl: Ttl, message: &Message<V>) {
        let tags: Option<Tags> = (!message.tags.is_empty()).then(|| message.tags.iter().cloned().collect());
        // Before the value is compared: an invalidation that begins meanwhile voids it.
        let tagged = tags.as_ref().map(|tags| self.stores_tagged(key, tags));
        if matches!(tagged, Some(None)) {
            // The value could not be found here by its tags.
            return;
        }
        let ticket = self.fence.ticket(key, self.now()).for_peer();
        let most = match self.admission(key, &message.tags, message) {
            Admission::Refused => return,
            Admission::AtMost(most) => Some(most),
            Admission::Admitted => None,
        };
        let ttl = most.map_or(ttl, |most| ttl.at_most(most));
        let settings = match tags {
            Some(_) => &Settings { tags, ..self.options.settings.clone() },
            None => &self.options.settings,
        };
        if matches!(self.l1, Layer1::Custom(_))
            && let Err(error) = value.realize()
        {
            let key = Some(key.clone());
            self.observe.emit(Kind::L1Error, || Event::L1Error { operation: "set", key, error });
            return;
        }
        let filled = self.fill_l1(key, &self.stored_key(key), (value, None), ttl, settings, &ticket).await;
        // Once the value is here: a load that finds nothing looks for it after it was remembered.
        self.forget_absence(key);
        if filled != Filled::Overtaken && most.is_none() {
            self.renew_stale(key, value, self.note_of_message(message), settings, Some(&ticket));
        } else {
            self.kept.notes.remove(key);
        }
        self.observe
            .emit(Kind::SetReceived, || Event::SetReceived { key: key.clone(), level: ReceivedLevel::L1 });
    }

    /// Whether what a peer has loaded may be kept; a refusal is told. To be asked under a ticket, so that an
    /// invalidation that comes later voids that.
    pub(super) fn admission(&self, key: &Key, tags: &[Key], message: &Message<V>) -> Admission {
        // Before the count: once an invalidation is over, that tells of it.
        let admission = match &message.seen {
            Some(seen) => {
                let admits = |key: &Key| self.recent.admits(key, seen, self.now());
                keys_of(key, tags).iter().map(admits).min()
            }
            None => Some(self.recent.admits_unknown(key)),
        };
        let known = self.generations.known(key);
        let is_behind = message.generation.is_some_and(|generation| generation < known);
        if let Some(generation) = message.generation.filter(|_| !is_behind) {
            self.generations.catch_up(key, generation);
        }
        // An earlier run of this instance may have handled messages that followed a redelivered one.
        if is_behind || message.is_redelivered || admission == Some(Admission::Refused) {
            self.tell_stale(key, message, known);
            return Admission::Refused;
        }
        admission.unwrap_or(Admission::Admitted)
    }

    fn tell_stale(&self, key: &Key, message: &Message<V>, known: u64) {
        self.observe.emit(Kind::InvalidationStale, || Event::InvalidationStale {
            event_id: message.event_id(),
            event_type: message.body.kind(),
            key: key.clone(),
            generation: message.generation.unwrap_or_default(),
            local_generation: known,
        });
    }

    /// The second layer, if it is private: the sender of a delete has not deleted there.
    fn private_l2(&self) -> Option<&Guarded<V>> {
        self.l2.as_ref().filter(|l2| !l2.store().is_shared())
    }
}
