//! Tags in the second layer: the counts that its entries carry, and whether they stand still.
//!
//! See docs/decisions/tags.md. Entries without tags do not come here.

use crate::{
    clock::Ttl,
    codec::TagCount,
    coherence::{counts::Counted, fence::Ticket},
    entry::{key::Key, tags::Tags},
    flow::{
        fill_l2::Written,
        state::CacheState,
        tags::{Overtaken, TaggedFill},
    },
    options::Settings,
    store::{Found, Guarded, StoreCall},
    value::Value,
};

impl<V: Value> CacheState<V> {
    /// The counters of the second layer, if a value with these settings is stored there with its tags.
    fn counters(&self, settings: &Settings) -> Option<&Guarded<V>> {
        let is_stored = settings.l2_ttl != Ttl::NONE;
        self.l2.as_ref().filter(|l2| is_stored && l2.store().tags().is_some())
    }

    /// Reads the counts of the tags that these settings name, before the value that will carry them is made. `None`
    /// without tags, or if they could not be read.
    pub(super) async fn count_tags(&self, key: &Key, settings: &Settings) -> Option<Counted> {
        let (tags, l2) = (settings.tags.as_ref()?, self.counters(settings)?);
        if l2.has_missed_tag(tags.iter()) {
            return None;
        }
        let counts = match self.current_counts(l2, tags, Some(settings.l2_ttl)) {
            Some(counts) => counts,
            None => self.begin_counts(l2, key, tags, settings.l2_ttl).await?,
        };
        Some(with_counts(tags, &counts))
    }

    /// The counts for a value that was loaded with these tags: those from before its load. Else why the value is not
    /// stored with them.
    ///
    /// A tag that the loader alone named was not counted before the load. Its count is right all the same if it was
    /// the same at an earlier moment, or if its counter has not been through an invalidation: one during the load
    /// would show. If neither is known, the first layer may have the value where a bus would tell of the invalidation.
    pub(super) async fn counts_of_load(
        &self,
        key: &Key,
        tags: &Tags,
        settings: &Settings,
        ticket: &Ticket,
    ) -> Result<Counted, Written> {
        let counted = ticket.counts().map_or(&[][..], |counts| counts);
        let of = |tag: &Key| counted.iter().find(|count| count.tag == *tag).cloned();
        if let Some(counts) = tags.iter().map(of).collect() {
            return Ok(counts);
        }
        let l2 =
            self.counters(settings).filter(|l2| !l2.has_missed_tag(tags.iter())).ok_or(Written::Unread)?;
        let counters = l2.store().tags().ok_or(Written::Unread)?;
        let before =
            |tag: &Key| of(tag).map(|count| count.count).or(self.kept.counts.at(tag, ticket.moment()));
        let before: Vec<_> = tags.iter().map(before).collect();
        let now = self.begin_counts(l2, key, tags, settings.l2_ttl).await.ok_or(Written::Unread)?;
        let stood = |(before, now): (&Option<u64>, &u64)| {
            before.map_or(!counters.is_of_invalidation(*now), |before| before == *now)
        };
        if before.iter().zip(&now).all(stood) {
            return Ok(with_counts(tags, &now));
        }
        Err(if self.trusts_counts(l2) { Written::Unread } else { Written::Refused })
    }

    /// Whether these counts are still current. Without a bus that tells of changes, they are read.
    pub(super) async fn counts_stand(&self, l2: &Guarded<V>, key: &Key, counts: &[TagCount]) -> bool {
        let tags: Vec<Key> = counts.iter().map(|count| count.tag.clone()).collect();
        if l2.has_missed_tag(tags.iter()) {
            return false;
        }
        let stand = |now: &[u64]| counts.iter().zip(now).all(|(count, now)| count.count == *now);
        if let Some(now) = self.current_counts(l2, &tags, None) {
            return stand(&now);
        }
        let asked = self.kept.counts.moment();
        let call = StoreCall { operation: "get", key: Some(key) };
        let now = l2.with_counters(call, |counters| counters.counts(&tags)).await;
        let Some(now) = now else { return false };
        let Some(now) = now.into_iter().collect::<Option<Vec<_>>>() else { return false };
        self.kept.counts.learn(&tags, &now, asked, self.now());
        stand(&now.iter().map(|count| count.number).collect::<Vec<_>>())
    }

    /// The same after a write of these counts: they were read before, and a bus would have told of a change.
    pub(super) async fn counts_still_stand(&self, l2: &Guarded<V>, key: &Key, counts: &[TagCount]) -> bool {
        counts.is_empty() || self.trusts_counts(l2) || Box::pin(self.counts_stand(l2, key, counts)).await
    }

    /// A value that was found in the second layer, unless one of its tags was invalidated. While the result lives, an
    /// invalidation here voids the key.
    pub(super) async fn valid<'a>(
        &'a self,
        l2: &Guarded<V>,
        key: &Key,
        found: Option<Found<V>>,
    ) -> Option<(Found<V>, Option<TaggedFill<'a, V>>)> {
        let found = found?;
        let Some(counts) = found.tags.clone() else { return Some((found, None)) };
        // Before the counts are compared: an invalidation that begins meanwhile finds the key.
        let fill = self.stores_tagged(key, &counts.iter().map(|count| count.tag.clone()).collect());
        Box::pin(self.counts_stand(l2, key, &counts)).await.then_some((found, fill))
    }

    /// A load has ended, and its value has these tags, which its call may not have named. While the result lives, an
    /// invalidation of one of them voids the key.
    pub(crate) fn names_tags(
        &self,
        key: &Key,
        tags: &Tags,
        ticket: &Ticket,
    ) -> Result<Option<TaggedFill<'_, V>>, Overtaken> {
        let fill = self.stores_tagged(key, tags);
        if self.kept.counts.were_invalidated(tags, ticket.moment()) { Err(Overtaken) } else { Ok(fill) }
    }

    fn trusts_counts(&self, l2: &Guarded<V>) -> bool {
        self.kept.counts.is_told() && !l2.missed().any() && !self.outage.is_blind()
    }

    fn current_counts(&self, l2: &Guarded<V>, tags: &[Key], ttl: Option<Ttl>) -> Option<Vec<u64>> {
        if self.trusts_counts(l2) { self.kept.counts.current(tags, ttl, self.now()) } else { None }
    }

    async fn begin_counts(&self, l2: &Guarded<V>, key: &Key, tags: &[Key], ttl: Ttl) -> Option<Vec<u64>> {
        let asked = self.kept.counts.moment();
        let call = StoreCall { operation: "set", key: Some(key) };
        let counts = l2.with_counters(call, |counters| counters.begin(tags, ttl)).await?;
        self.kept.counts.learn(tags, &counts, asked, self.now());
        Some(counts.iter().map(|count| count.number).collect())
    }
}

fn with_counts(tags: &[Key], counts: &[u64]) -> Counted {
    let each = tags.iter().zip(counts);
    each.map(|(tag, count)| TagCount { tag: tag.clone(), count: *count }).collect()
}

#[cfg(test)]
mod tests;
