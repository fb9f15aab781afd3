//! Stores a loaded value in the second layer, unless something newer came first.

use std::future::ready;

use crate::{
    clock::Ttl,
    codec::{MOST_ETAG_BYTES, Metadata, TagCount},
    coherence::fence::Ticket,
    entry::key::Key,
    flow::state::CacheState,
    l1::Layer1,
    load::notes::Note,
    options::Settings,
    store::{Counted, Fill, LockOf, StoreCall},
    value::Value,
};

/// Whether the second layer took a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Yes,
    /// No: there is no second layer, the write failed, or the value was overtaken.
    No,
    /// The load no longer held its lock when the store looked, or another instance had invalidated the key.
    Refused,
    /// The store could not be read before the load, so it was not asked to take the value.
    Unread,
    /// The time of the lock was over before the value came.
    TooLate,
}

impl<V: Value> CacheState<V> {
    pub(super) async fn fill_l2(
        &self,
        key: &Key,
        value: &V,
        settings: &Settings,
        ticket: &Ticket,
    ) -> Written {
        let Some(l2) = self.l2.as_ref().filter(|_| ticket.is_valid()) else { return Written::No };
        if settings.l2_ttl == Ttl::NONE {
            return Written::No;
        }
        let entry = &*self.entry_of(key);
        let counts = match &settings.tags {
            // The layer could not be read before the load. So nobody knows whether the loaded value is still
            // true there, nor whether the value that it holds is any newer.
            _ if l2.store().counts_invalidations() && ticket.mark().is_none() => Err(Written::Unread),
            Some(tags) => Box::pin(self.counts_of_load(key, tags, settings, ticket)).await,
            None => Ok(Counted::default()),
        };
        let counts = match counts {
            Ok(counts) => counts,
            Err(why) => {
                // Nor is it known whether the value would be invalidated there with its tags.
                l2.delete(StoreCall { operation: "delete", key: Some(key) }, entry, None).await;
                return why;
            }
        };
        let metadata = self.metadata(settings, ticket, &counts);
        let call = StoreCall { operation: "set", key: Some(key) };
        let ttl = self.l2_life(l2, settings);
        let mut refused = Written::Refused;
        let set = l2.write(call, entry, |store| {
            let at = LockOf { key, stored: entry };
            if let Some(mark) = ticket.mark() {
                let token = ticket.lock_token();
                return store.fill(Fill { at, value, ttl, mark, token, metadata: &metadata });
            }
            let fenced = ticket.lock_token().zip(store.locks());
            let fenced = fenced.and_then(|(token, locks)| locks.set_if_owner(at, value, ttl, token));
            if let Some(fenced) = fenced {
                return fenced;
            }
            if ticket.has_lost_lock(self.now()) {
                // The store cannot tell whether another instance has the lock by now. It may, so the value of
                // that one stays.
                refused = Written::TooLate;
                return Box::pin(ready(Ok(false)));
            }
            let set = store.set_with(entry, value, ttl, settings.l2_details(&metadata));
            Box::pin(async move { set.await.map(|()| true) })
        });
        let (set, stands) = tokio::join!(set, self.counts_still_stand(l2, key, &counts));
        let written = match set {
            Some(true) if !stands => Written::Refused,
            Some(true) => Written::Yes,
            Some(false) => refused,
            None => Written::No,
        };
        if !ticket.is_valid() {
            // The invalidation that voided the ticket may have reached the store before the value did, and a
            // later read may have taken the value over from there. A newer value in the store goes too: that is
            // a miss.
            let stored = &*self.stored_key(key);
            if written == Written::Yes || written == Written::No {
                self.forget_taken_over(key, stored).await;
                l2.delete(StoreCall { operation: "delete", key: Some(key) }, entry, None).await;
            }
            self.forget_taken_over(key, stored).await;
            return Written::No;
        }
        written
    }

    /// What is stored beside a loaded value: what its next load may need, in whichever instance that is.
    fn metadata(&self, settings: &Settings, ticket: &Ticket, counts: &[TagCount]) -> Metadata {
        let Note { etag, cost, .. } = self.note_of_load(settings, ticket);
        let etag = etag.filter(|etag| etag.len() <= MOST_ETAG_BYTES);
        Metadata { tags: counts.to_vec(), etag, cost: cost.map(|cost| cost.0) }
    }

    /// The second layer has a newer value of the key than those that reads have taken over from it, or take over now.
    pub(super) async fn forget_taken_over(&self, key: &Key, stored: &Key) {
        self.fence.void(key);
        self.kept.stale.remove_taken_over(key);
        match &self.l1 {
            Layer1::Memory(memory) => memory.remove_taken_over(stored),
            Layer1::Custom(_) | Layer1::Off => self.clear_l1(key, stored).await,
        }
    }
}
