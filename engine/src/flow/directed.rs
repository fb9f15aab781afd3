//! The end of a load whose loader gave directives.

use std::time::Duration;

use crate::{
    clock::Ttl,
    coherence::fence::Ticket,
    entry::{
        key::Key,
        tags::Tags,
        version::{Etag, Version},
    },
    flow::{state::CacheState, tags::Overtaken},
    load::{
        CameTo, Outcome,
        directives::{Directives, Verdict},
    },
    observe::{Event, Kind, Levels},
    options::Settings,
    value::Value,
};

/// A stale value, which the loader may keep.
#[derive(Debug)]
pub struct Stale<V> {
    /// The value.
    pub value: V,
    /// How long ago its load began, or, once it has expired, how long ago it was still good.
    pub age: Duration,
    /// Its etag.
    pub etag: Option<Etag>,
    /// Its version, if others know it.
    pub version: Option<Version>,
    /// Its tags.
    pub tags: Option<Tags>,
}

impl<V: Value> CacheState<V> {
    /// The value that a load of a key replaces: the live value in a refresh, else the stale copy.
    pub(crate) fn stale_of(&self, key: &Key, settings: &Settings) -> Option<Stale<V>> {
        let now = self.now();
        let (held, tags) = match self.peek(key) {
            Some(live) => (live, self.tags_of(&self.stored_key(key))),
            None if settings.fail_safe.serves() => {
                let copy = self.kept.stale.look(key, now)?;
                (self.looked(copy, now), self.kept.stale.tags_of(key, now))
            }
            None => return None,
        };
        let note = self.kept.notes.of(key);
        let (version, etag) = (note.version(), note.etag);
        held.value.realize().is_ok().then_some(Stale {
            value: held.value,
            age: held.age,
            etag,
            version,
            tags,
        })
    }

    /// Ends a load by its directives.
    pub(crate) async fn finish_directed(
        &self,
        key: &Key,
        ticket: &Ticket,
        came_to: CameTo<V>,
        Directives { settings, verdict }: Directives,
    ) -> Outcome<V> {
        // From here on an invalidation of a tag finds the load by its key, as if the call had named the tag.
        let tagged = settings.tags.as_ref().map(|tags| self.names_tags(key, tags, ticket));
        if matches!(tagged, Some(Err(Overtaken))) {
            self.fence.void(key);
        }
        if verdict == Verdict::Skip && settings.skip_ttl > Ttl::NONE && came_to.is_ok() {
            self.kept.uncacheable.put(key, settings.skip_ttl, self.now());
        }
        self.conclude(key, &settings, ticket, came_to, verdict).await
    }

    /// Stores a loaded value.
    pub(crate) fn tell_stored(&self, key: &Key, verdict: Verdict, levels: Levels, settings: &Settings) {
        if verdict == Verdict::Extend {
            let ttl_ms = self.kept_for(key, settings);
            self.observe.emit(Kind::Extend, || Event::Extend { key: key.clone(), ttl_ms });
        } else {
            self.observe.emit(Kind::Set, || Event::Set { key: key.clone(), levels });
        }
    }
}
