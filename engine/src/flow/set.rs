//! `set`: writes the active layers. It never tells the other instances.

use crate::{
    clock::Ttl,
    codec::Metadata,
    coherence::fence::Ticket,
    entry::key::Key,
    flow::state::CacheState,
    l1::{Layer1, Life, Memory, Origin},
    load::notes::Note,
    observe::{Event, Kind, Levels},
    options::{Settings, refresh::Lifespan},
    store::{Counted, StoreCall},
    value::Value,
};

impl<V: Value> CacheState<V> {
    pub(crate) async fn set(&self, key: &Key, value: V, settings: &Settings) {
        if self.keeps_nowhere(settings) {
            return self.unset(key).await;
        }
        self.void_running(key);
        self.renew_stale(key, &value, Note::default(), settings, None);
        let stored = self.stored_key(key);
        let _fill = settings.tags.as_ref().map(|tags| self.stores_tagged(key, tags));
        let (in_l1, in_l2) = match (&self.l1, &self.l2) {
            (Layer1::Memory(memory), None) => (self.put(memory, &stored, value, settings), false),
            _ => Box::pin(self.set_layers(key, &stored, value, settings)).await,
        };
        self.observe
            .emit(Kind::Set, || Event::Set { key: key.clone(), levels: Levels { l1: in_l1, l2: in_l2 } });
    }

    async fn set_layers(&self, key: &Key, stored: &Key, value: V, settings: &Settings) -> (bool, bool) {
        let in_l1 = match &self.l1 {
            Layer1::Memory(memory) => self.put(memory, stored, value.clone(), settings),
            Layer1::Custom(_) if settings.l1_ttl == Ttl::NONE => {
                self.clear_l1(key, stored).await;
                false
            }
            Layer1::Custom(store) => {
                let details = settings.l1_details(settings.l1_ttl);
                let set = store.set_with(stored, &value, settings.l1_ttl, details);
                self.run_l1("set", Some(key), set).await.is_some()
            }
            Layer1::Off => false,
        };
        let Some(l2) = &self.l2 else { return (in_l1, false) };
        let entry = &*self.entry_of(key);
        // A read that finds the older value there in the meantime must not put it over this one, or leave it
        // where this one has expired.
        let mut ticket = self.fence.ticket(key, self.now());
        let mut counts = self.counts_of_set(key, settings, &ticket).await;
        if counts.is_none() && ticket.is_void_by_patterns() {
            // A gap, or an invalidation of a pattern, comes before this value if its tags are counted after it.
            ticket = self.fence.ticket(key, self.now());
            counts = self.counts_of_set(key, settings, &ticket).await;
        }
        let storing = ticket.storing();
        let Some(counts) = counts else {
            let call = StoreCall { operation: "delete", key: Some(key) };
            l2.delete(call, entry, None).await;
            self.set_alone(l2, stored);
            self.fence.void(key);
            return (in_l1, false);
        };
        let metadata = Metadata { tags: counts.to_vec(), ..Metadata::default() };
        let call = StoreCall { operation: "set", key: Some(key) };
        let ttl = self.l2_life(l2, settings);
        let set = l2.write(call, entry, |store| {
            let set = store.set_with(entry, &value, ttl, settings.l2_details(&metadata));
            Box::pin(async move { set.await.map(|()| true) })
        });
        if set.await.is_none() {
            self.set_alone(l2, stored);
        }
        drop(storing);
        drop(ticket);
        self.fence.void(key);
        // Reported as written whether or not the store could take it now: a failure has its own event.
        (in_l1, true)
    }

    /// The counts of the tags of a value that is set. `None` if the second layer is not to have the value: while the
    /// counts were read, a tag may have been invalidated, or the key been written again.
    async fn counts_of_set(&self, key: &Key, settings: &Settings, ticket: &Ticket) -> Option<Counted> {
        let _storing = ticket.storing();
        let counts = match &settings.tags {
            Some(_) => Box::pin(self.count_tags(key, settings)).await?,
            None => Counted::default(),
        };
        (settings.l2_ttl != Ttl::NONE && (counts.is_empty() || ticket.is_valid())).then_some(counts)
    }

    /// Whether no layer keeps a value under these settings.
    pub(crate) fn keeps_nowhere(&self, settings: &Settings) -> bool {
        let in_l1 = settings.l1_ttl != Ttl::NONE && !matches!(self.l1, Layer1::Off);
        let in_l2 = settings.l2_ttl != Ttl::NONE && self.l2.is_some();
        (settings.l1_ttl == Ttl::NONE || settings.l2_ttl == Ttl::NONE) && !in_l1 && !in_l2
    }

    /// `set` of nothing: the key is absent in the layers, as if it had never been stored.
    pub(crate) async fn unset(&self, key: &Key) {
        let stored = self.stored_key(key);
        self.void(key);
        self.invalidate_l1(key, &stored).await;
        if let Some(l2) = &self.l2 {
            let call = StoreCall { operation: "delete", key: Some(key) };
            l2.delete(call, &self.entry_of(key), self.options.settings.lock.enabled.then_some(key)).await;
            self.void(key);
            self.invalidate_l1(key, &stored).await;
        }
        self.observe
            .emit(Kind::Set, || Event::Set { key: key.clone(), levels: Levels { l1: false, l2: false } });
    }

    fn put(&self, memory: &Memory<V>, stored: &Key, value: V, settings: &Settings) -> bool {
        let now = self.now();
        let expires = now.after(self.outage.cap(self.varied(settings.l1_ttl, settings.jitter.l1)));
        let life = Life {
            stamp: now,
            expires,
            lease: settings.mirror_lease(),
            asks: self.asks(Lifespan { stamp: now, expires, cost: None }),
            origin: Origin::Made,
            tags: settings.tags.as_ref(),
        };
        memory.put(stored, value, life, now)
    }
}
