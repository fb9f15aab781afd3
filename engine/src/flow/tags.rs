//! `deleteByTag` and `expireByTag`: all entries with a tag, everywhere.
//!
//! Those in memory are removed. Those in the second layer carry counts of their tags, which change there: see
//! docs/decisions/tags.md, and `counts.rs`. A load under way for such an entry is overtaken by its key.

use std::cell::RefCell;

use crate::{
    bus::{Body, Message},
    coherence::recent::{Target, Underway},
    entry::{key::Key, tags::Tags},
    flow::{delete::StaleCopy, layers::unversioned, state::CacheState},
    l1::{Layer1, Neighbour},
    observe::{Event, Kind},
    store::StoreCall,
    value::Value,
};

/// A tag of a loaded value was invalidated during the load.
#[derive(Debug)]
pub(crate) struct Overtaken;

/// The keys under which the invalidations that touch a value are remembered: its own key, and those of its tags.
pub(super) fn keys_of(key: &Key, tags: &[Key]) -> Vec<Key> {
    let of_tags = tags.iter().map(Target::key_of_tag);
    std::iter::once(key.clone()).chain(of_tags).collect()
}

/// How many keys are removed while other tasks wait: a millisecond or two of work.
const REMOVED_AT_ONCE: usize = 512;

impl<V: Value> CacheState<V> {
    pub(crate) async fn delete_by_tag(&self, tags: &[Key]) {
        self.invalidate_tags(tags, StaleCopy::Removed).await;
    }

    pub(crate) async fn expire_by_tag(&self, tags: &[Key]) {
        self.invalidate_tags(tags, StaleCopy::Kept).await;
    }

    async fn invalidate_tags(&self, tags: &[Key], copies: StaleCopy) {
        if tags.is_empty() {
            return;
        }
        let underway = self.invalidates_tags(tags);
        self.note_removed_tags(tags);
        let began = self.forget_counts(tags);
        self.remove_tagged(tags, copies).await;
        if let Some(l2) = &self.l2 {
            let call = StoreCall { operation: "deleteByTag", key: None };
            let counts = l2.invalidate_tags(call, tags).await;
            self.kept.counts.invalidated(tags, &counts, began, self.now());
            // Entries that were read there in between.
            self.remove_tagged(tags, copies).await;
        }
        let expired = copies == StaleCopy::Kept;
        self.tell_tags(tags, false, expired);
        self.publish(self.tag_message(tags).expiring(expired), underway).await;
    }

    /// As [`CacheState::invalidates`], for tags.
    pub(crate) fn invalidates_tags(&self, tags: &[Key]) -> Vec<Underway> {
        tags.iter().filter_map(|tag| self.invalidates(|| Target::tag(tag))).collect()
    }

    /// A delete without keys, which does nothing in versions that do not know tags.
    pub(crate) fn tag_message(&self, tags: &[Key]) -> Message<V> {
        self.message(None, Body::Delete(Vec::new())).of_tags(tags)
    }

    pub(crate) fn tell_tags(&self, tags: &[Key], remote: bool, expired: bool) {
        for tag in tags {
            self.observe.emit(Kind::DeleteTag, || Event::DeleteTag { tag: tag.clone(), remote, expired });
        }
    }

    /// Forgets the counts of these tags in the second layer, and notes that loads under way may be older than the
    /// invalidation. Called before anything is removed. Returns the moment of that.
    pub(crate) fn forget_counts(&self, tags: &[Key]) -> u64 {
        let now = self.now();
        self.each_neighbour(|kept| kept.forget_counts(tags, now));
        self.kept.counts.invalidate(tags, now)
    }

    /// Removes all entries with one of these tags from this instance, with all that it keeps beside them. Loads
    /// under way for such entries store nothing, and are no longer joined.
    pub(crate) async fn remove_tagged(&self, tags: &[Key], copies: StaleCopy) {
        let loading = match &self.l1 {
            Layer1::Memory(memory) => memory.loading_with_tags(tags),
            Layer1::Custom(_) | Layer1::Off => self.tagged_loads.lock().with_tags(tags).cloned().collect(),
        };
        loading.iter().for_each(|stored| self.void_tagged(stored, copies));
        self.void_copied(tags);
        if let Layer1::Memory(memory) = &self.l1 {
            memory.remove_with_tags(&loading, tags);
            // Some entries that are stored from here on may go as well: they were not there before. The loads that
            // have ended since they were asked for are among these.
            let recorded = memory.recorded_with_tags(tags);
            for some in recorded.chunks(REMOVED_AT_ONCE) {
                for stored in memory.tagged(some, tags) {
                    self.void_tagged(stored, copies);
                }
                memory.remove_with_tags(some, tags);
                if recorded.len() > REMOVED_AT_ONCE
                    && let Some(turn) = self.timers.turn()
                {
                    turn.await;
                }
            }
        }
        let forget = |kept: &dyn Neighbour| {
            kept.forget_absences_by_tags();
            if copies == StaleCopy::Removed {
                kept.forget_stale_by_tags(tags);
            }
        };
        forget(&*self.kept);
        self.each_neighbour(forget);
    }

    /// Voids one of these keys: its running loads are overtaken, and an expired value becomes the stale copy.
    fn void_tagged(&self, stored: &Key, copies: StaleCopy) {
        let key = if self.options.versioning {
            Key::from_wtf8(unversioned(stored.as_bytes()))
        } else {
            stored.clone()
        };
        if copies == StaleCopy::Kept && *stored == *self.stored_key(&key) {
            self.keep_as_stale(&key, stored);
        }
        self.void_running(&key);
    }

    /// Voids the loads under way whose keys have stale copies with one of these tags: such a load may find the copy
    /// still true, and name other tags for it. There may be very many copies, and few loads.
    fn void_copied(&self, tags: &[Key]) {
        if !self.fence.has_tickets() {
            return;
        }
        let is_running = |key: &Key| self.fence.has_tickets_of(key);
        let copied = RefCell::new(self.kept.stale.tagged(tags, &is_running));
        self.each_neighbour(|kept| copied.borrow_mut().extend(kept.copied_with_tags(tags, &is_running)));
        copied.into_inner().iter().for_each(|key| self.void_running(key));
    }

    /// Announces that a value with tags is being stored, until the result is dropped. `None` if the value could
    /// not be found by its tags.
    pub(super) fn stores_tagged(&self, key: &Key, tags: &Tags) -> Option<TaggedFill<'_, V>> {
        let number = self.tagged_load_begins(key, tags)?;
        Some(TaggedFill { state: self, number })
    }

    /// A load begins whose value will have these tags. Returns the number under which it ends.
    pub(crate) fn tagged_load_begins(&self, key: &Key, tags: &Tags) -> Option<u64> {
        let stored = self.stored_key(key);
        match &self.l1 {
            Layer1::Memory(memory) => Some(memory.load_begins(&stored, tags)),
            Layer1::Off => Some(self.tagged_loads.lock().begins(&stored, tags)),
            Layer1::Custom(_) => None,
        }
    }

    pub(crate) fn tagged_load_ended(&self, number: u64) {
        match &self.l1 {
            Layer1::Memory(memory) => memory.load_ended(number),
            Layer1::Custom(_) | Layer1::Off => self.tagged_loads.lock().ended(number),
        }
    }

    /// The tags of a live entry.
    pub(crate) fn tags_of(&self, stored: &Key) -> Option<Tags> {
        let Layer1::Memory(memory) = &self.l1 else { return None };
        memory.tags_of(stored, self.now())
    }

    /// The tags for a copy of a value that was just read. The entry may have ended since.
    pub(crate) fn tags_of_read(&self, stored: &Key) -> Option<Tags> {
        let Layer1::Memory(memory) = &self.l1 else { return None };
        let now = self.now();
        let ended = || memory.last_tags_of(stored).filter(|_| memory.peek(stored, now).is_none());
        memory.tags_of(stored, now).or_else(ended)
    }

    /// The tags of an entry that has just left.
    pub(crate) fn last_tags_of(&self, stored: &Key) -> Option<Tags> {
        let Layer1::Memory(memory) = &self.l1 else { return None };
        memory.last_tags_of(stored)
    }

    /// Each tag that is held, with the number of its live entries.
    pub(crate) fn tags(&self) -> Vec<(Key, u64)> {
        let Layer1::Memory(memory) = &self.l1 else { return Vec::new() };
        memory.tags(self.now())
    }
}

/// A value with tags that is being stored: an invalidation of one of them overtakes it.
pub(crate) struct TaggedFill<'a, V: Value> {
    state: &'a CacheState<V>,
    number: u64,
}

impl<V: Value> Drop for TaggedFill<'_, V> {
    fn drop(&mut self) {
        self.state.tagged_load_ended(self.number);
    }
}
