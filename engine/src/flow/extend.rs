//! Extensions: a loader found a stale value still true, and its peers have the same one.
//!
//! An extension names the version of the value. A peer that has that version, in memory or as a stale copy, gives it
//! another life; all others ignore it. It is ordered against invalidations as a value is.

use crate::{
    bus::{Body, Message},
    clock::{Time, Ttl},
    coherence::{fence::Ticket, recent::Admission},
    entry::{key::Key, tags::Tags, version::Version},
    flow::state::CacheState,
    l1::{Layer1, Life, Memory},
    load::notes::Note,
    observe::{Event, Kind},
    options::{Settings, refresh::Lifespan},
    value::Value,
};

impl<V: Value> CacheState<V> {
    /// Remembers as which version a value is sent, where a loader may find it still true later.
    pub(super) fn note_sent(&self, key: &Key, message: &Message<V>, settings: &Settings, ticket: &Ticket) {
        let version = match &message.body {
            Body::Extend { version, .. } => Some(version.clone()),
            _ => message.id.as_deref().map(Version::of_message),
        };
        if let Some(version) = version.filter(|_| message.etag.is_none() && extends(settings)) {
            self.kept.notes.sent(key, version, ticket);
        }
    }

    /// What is known of a value that a peer has sent.
    pub(super) fn note_of_message(&self, message: &Message<V>) -> Note {
        let is_known = message.etag.is_none() && extends(&self.options.settings);
        let sent_as = message.id.as_deref().filter(|_| is_known).map(Version::of_message);
        Note { etag: message.etag.clone(), sent_as, ..Note::default() }
    }

    /// Gives a value of that version, if there is one, another life of `ttl`.
    pub(super) fn apply_extension(&self, key: &Key, version: &Version, ttl: Ttl, message: &Message<V>) {
        let Layer1::Memory(memory) = &self.l1 else { return };
        let stored = &*self.stored_key(key);
        // Before anything is looked at: what comes from here on is newer.
        let ticket = self.fence.ticket(key, self.now()).for_peer();
        let tags = self.tags_held(key, stored, message);
        let tagged = tags.as_ref().map(|tags| self.stores_tagged(key, tags));
        let Some((value, held, note)) = self.held_as(memory, key, stored, version) else { return };
        if self.admission(key, tags.as_deref().unwrap_or_default(), message) != Admission::Admitted {
            return;
        }
        let (now, stamp) = (self.now(), ticket.started());
        let expires = now.after(self.outage.cap(self.varied(ttl, self.options.settings.jitter.l1)));
        let life = Life {
            stamp,
            expires,
            lease: self.options.settings.mirror_lease(),
            asks: self.asks(Lifespan { stamp, expires, cost: note.cost }),
            origin: self.origin(&ticket),
            tags: tags.as_ref(),
        };
        let latest = now.after(self.outage.cap(Ttl::FOREVER));
        let ends = memory.extend(stored, (&value, held), life, &ticket, (now, latest));
        let Some(ends) = ends else { return };
        let sent_as = message.etag.is_none().then(|| version.clone());
        let note = Note { etag: message.etag.clone(), sent_as, ..note };
        let settings = Settings { tags, ..self.options.settings.clone() };
        self.renew_stale(key, &value, note, &settings, Some(&ticket));
        drop(tagged);
        let ttl_ms = Ttl(ends.0.saturating_sub(now.0));
        self.observe.emit(Kind::ExtendReceived, || Event::ExtendReceived { key: key.clone(), ttl_ms });
    }

    /// The tags of the value that is extended: those that it has here, and those that it has there.
    fn tags_held(&self, key: &Key, stored: &Key, message: &Message<V>) -> Option<Tags> {
        let here = self.tags_of(stored).or_else(|| self.kept.stale.tags_of(key, self.now()));
        let mut tags = here.map_or_else(Vec::new, |tags| tags.to_vec());
        tags.extend(message.tags.iter().filter(|tag| !tags.contains(tag)).cloned().collect::<Vec<_>>());
        (!tags.is_empty()).then(|| tags.into())
    }

    /// The live value or the stale copy of a key if it is of that version, with the time of its entry, if there is one,
    /// and what is known of it.
    fn held_as(
        &self,
        memory: &Memory<V>,
        key: &Key,
        stored: &Key,
        version: &Version,
    ) -> Option<(V, Option<Time>, Note)> {
        let now = self.now();
        if self.kept.negatives.holds(key, now) {
            return None;
        }
        let (value, held) = match memory.look(stored, now) {
            Some(live) => (live.value, Some(live.stamp)),
            None => (self.kept.stale.get(key, now)?, None),
        };
        // After the value: a note is made after its entry, and before its copy.
        let note = self.kept.notes.of(key);
        let is_its = note.version().as_ref() == Some(version) && held.is_none_or(|stamp| stamp == note.stamp);
        is_its.then_some((value, held, note))
    }
}

/// Whether loaders may get the stale value, under these settings.
fn extends(settings: &Settings) -> bool {
    settings.fail_safe.serves() || settings.refresh.is_on()
}
