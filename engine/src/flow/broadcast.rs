//! Sends what loads came to, so that the peers need not load.

use crate::{
    bus::{Body, Message, SeenNumbers},
    clock::Ttl,
    coherence::{fence::Ticket, recent::SENT_WITHIN},
    entry::key::Key,
    flow::{state::CacheState, tags::keys_of},
    load::directives::Verdict,
    observe::{Event, Kind, event::SkipReason},
    options::Settings,
    value::Value,
};

impl<V: Value> CacheState<V> {
    /// Whether loaded values are sent to the peers.
    pub(super) fn sends_loaded(&self, settings: &Settings) -> bool {
        self.options.broadcast_set && settings.l1_ttl != Ttl::NONE && self.has_bus()
    }

    /// Tells the peers what a load came to: a value, or that the stale one is still true.
    pub(super) async fn tell_loaded(
        &self,
        key: &Key,
        value: &V,
        settings: &Settings,
        ticket: &Ticket,
        verdict: Verdict,
    ) {
        let (keys, ttl) = (vec![key.clone()], Some(settings.l1_ttl));
        let body = match (verdict, settings.extends.clone()) {
            (Verdict::Keep, _) => Body::Set { keys, value: value.clone(), ttl },
            (Verdict::Extend, Some(version)) => Body::Extend { keys, version, ttl },
            (Verdict::Extend, None) | (Verdict::Skip, _) => return,
        };
        self.broadcast(key, body, settings, Some(ticket)).await;
    }

    /// Sends what a load came to. Without the ticket of the load, the message says that the load has seen nothing.
    pub(crate) async fn broadcast(
        &self,
        key: &Key,
        body: Body<V>,
        settings: &Settings,
        ticket: Option<&Ticket>,
    ) {
        let Some(publisher) = self.publisher() else { return };
        let now = self.now();
        if ticket.is_some_and(|ticket| ticket.started().after(SENT_WITHIN) <= now) {
            // Peers may have forgotten the later invalidations by then.
            return;
        }
        let tags = settings.tags.as_deref().unwrap_or_default();
        let seen = match ticket.and_then(Ticket::seen) {
            Some(seen) => self.recent.tells(&keys_of(key, tags), seen, now),
            None => Some(SeenNumbers::default()),
        };
        if seen.is_none() {
            return;
        }
        let generation = Some(self.generations.of(key));
        let etag = settings.etag.clone();
        let message = Message { seen, etag, ..self.message(generation, body).of_tags(tags) };
        if let Some(ticket) = ticket {
            self.note_sent(key, &message, settings, ticket);
        }
        if matches!(message.body, Body::Extend { .. }) {
            publisher.publish(&message, || {}, |_| {}).await;
            return;
        }
        if let Some(most) = self.options.broadcast_set_max_bytes {
            let bytes = publisher.encoded_bytes(&message);
            if bytes > most {
                self.observe.emit(Kind::SetBroadcastSkipped, || Event::SetBroadcastSkipped {
                    key: key.clone(),
                    reason: SkipReason::MaxBytes,
                    bytes,
                    max_bytes: most,
                });
                return;
            }
        }
        let tell = || self.observe.emit(Kind::SetBroadcast, || Event::SetBroadcast { key: key.clone() });
        // A skipped message is reported as sent as well, as in 0.4.0.
        if publisher.publish(&message, tell, |_| {}).await {
            tell();
        }
    }
}
