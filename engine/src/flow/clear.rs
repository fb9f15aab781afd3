//! `deleteByPattern`, `expireByPattern` and `clear`: all keys that match, everywhere.

use crate::{
    bus::Body,
    coherence::recent::Target,
    entry::{key::Key, pattern::Pattern},
    flow::{delete::StaleCopy, state::CacheState},
    observe::{Event, Kind},
    store::StoreCall,
    value::Value,
};

/// The most keys whose deletes are counted in one step.
const RAISED_TOGETHER: usize = 10_000;

impl<V: Value> CacheState<V> {
    pub(crate) async fn delete_by_pattern(&self, pattern: &Pattern) {
        self.invalidate_matching(pattern, StaleCopy::Removed).await;
    }

    pub(super) async fn invalidate_matching(&self, pattern: &Pattern, copies: StaleCopy) {
        let underway = self.invalidates(|| Target::Pattern(pattern.clone()));
        self.note_removed_matching(&self.stored_pattern(pattern));
        self.void_matching_but(pattern, copies);
        let held = self.clear_l1_matching(pattern, copies).await;
        if let Some(l2) = &self.l2 {
            let stored = self.stored_pattern(pattern);
            let named = pattern.as_key();
            let call = StoreCall { operation: "deleteByPattern", key: Some(&named) };
            l2.delete_by_pattern(call, &stored).await;
            self.void_matching_but(pattern, copies);
            self.clear_l1_matching(pattern, copies).await;
        }
        self.raise_matching(pattern, &held).await;
        let expired = copies == StaleCopy::Kept;
        self.observe.emit(Kind::DeletePattern, || Event::DeletePattern {
            pattern: pattern.clone(),
            remote: false,
            expired,
        });
        let message = self.message(None, Body::Pattern(pattern.clone())).expiring(expired);
        self.publish(message, underway).await;
    }

    /// Counts a delete of the known keys that match, and of those that were held, in slices: of 100,000 keys it takes
    /// tens of milliseconds.
    pub(super) async fn raise_matching(&self, pattern: &Pattern, held: &[Key]) {
        if self.generations.raise_beyond(held.len()) {
            return;
        }
        let known = self.generations.matching(pattern);
        for slice in held.chunks(RAISED_TOGETHER) {
            self.generations.raise_unknown(slice);
            self.take_turn_after(slice).await;
        }
        for slice in known.chunks(RAISED_TOGETHER) {
            self.generations.raise_each(slice);
            self.take_turn_after(slice).await;
        }
    }

    /// Lets other tasks have their turn after a whole slice.
    async fn take_turn_after(&self, slice: &[Key]) {
        if slice.len() == RAISED_TOGETHER
            && let Some(turn) = self.timers.turn()
        {
            turn.await;
        }
    }
}
