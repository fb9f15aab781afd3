//! Applying what another instance says. Nothing here publishes.

use crate::{
    bus::{Body, Message},
    clock::Ttl,
    entry::{key::Key, pattern::Pattern},
    flow::parts::Parts,
    l1::{Filled, Layer1},
    observe::{Event, Kind},
    store::{Call, Guarded},
    value::Value,
};

impl<V: Value> Parts<V> {
    pub(crate) async fn apply(&self, message: Message<V>) {
        if !self.seen.is_first(&message.identity(), self.now()) {
            self.observe.emit(Kind::InvalidationDuplicate, || Event::InvalidationDuplicate { message });
            return;
        }
        if message.source == self.options.source {
            return;
        }
        let told = message.clone();
        self.observe.emit(Kind::InvalidationReceived, || Event::InvalidationReceived { message: told });
        match &message.body {
            Body::Delete(keys) => {
                for key in keys {
                    self.apply_delete(key, message.generation, message.stamped).await;
                }
            }
            Body::Pattern(pattern) => self.apply_pattern(pattern, message.stamped).await,
            Body::Set { keys, value, ttl } => {
                for key in keys {
                    self.apply_set(key, value, *ttl, &message).await;
                }
            }
        }
    }

    async fn apply_delete(&self, key: &Key, generation: Option<u64>, stamped: u64) {
        let known = self.generations.known(key);
        // A count behind ours is old news, unless it was sent later than ours was reached: then its
        // sender has restarted and counts anew, and its delete is as good as any.
        if let Some(generation) = generation.filter(|sent| *sent < known.generation)
            && stamped <= known.stamped
        {
            self.tell_stale(key, generation, known.generation);
            return;
        }
        let stored = self.stored_key(key);
        // Before the generation rises: a load that runs must not be stored under the new one.
        self.void(key);
        match generation {
            Some(generation) if generation > known.generation => {
                self.generations.catch_up(key, generation, stamped);
            }
            _ if self.options.versioning => {
                self.generations.raise(key, stamped);
            }
            _ => self.generations.catch_up(key, known.generation, stamped),
        }
        self.clear_l1(key, &stored).await;
        if let Some(l2) = self.own_l2() {
            let call = Call { operation: "delete", key: Some(key) };
            l2.delete(call, &stored, false).await;
            self.void(key);
            self.clear_l1(key, &stored).await;
        }
    }

    async fn apply_pattern(&self, pattern: &Pattern, stamped: u64) {
        self.void_matching(pattern);
        let held = self.clear_l1_matching(pattern).await;
        self.generations.raise_matching(pattern, &held, stamped);
        if let Some(l2) = self.own_l2() {
            let stored = self.stored_pattern(pattern);
            let call = Call { operation: "deleteByPattern", key: None };
            l2.delete_by_pattern(call, &stored).await;
            self.void_matching(pattern);
            self.clear_l1_matching(pattern).await;
        }
    }

    async fn apply_set(&self, key: &Key, value: &V, ttl: Option<Ttl>, message: &Message<V>) {
        let known = self.generations.known(key);
        if let Some(generation) = message.generation {
            if generation < known.generation {
                self.tell_stale(key, generation, known.generation);
                return;
            }
            self.generations.catch_up(key, generation, known.stamped);
        }
        let settings = &self.options.settings;
        let ticket = self.fence.ticket(key, self.now());
        if matches!(self.l1, Layer1::Own(_))
            && let Err(error) = value.realize()
        {
            let key = Some(key.clone());
            self.observe.emit(Kind::L1Error, || Event::L1Error { operation: "set", key, error });
            return;
        }
        self.forget_absence(key);
        let ttl = ttl.unwrap_or(settings.l1_ttl);
        if self.fill_l1(key, &self.stored_key(key), value, ttl, settings, &ticket).await != Filled::Overtaken
        {
            self.renew_stale(key, value, settings, Some(&ticket));
        }
        self.observe.emit(Kind::SetReceived, || Event::SetReceived { key: key.clone() });
    }

    fn tell_stale(&self, key: &Key, generation: u64, known: u64) {
        self.observe.emit(Kind::InvalidationStale, || Event::InvalidationStale {
            key: key.clone(),
            generation,
            known,
        });
    }

    /// The second layer, if it is this instance's own: the sender of a delete has not deleted there.
    fn own_l2(&self) -> Option<&Guarded<V>> {
        self.l2.as_ref().filter(|l2| !l2.store().is_shared())
    }
}
