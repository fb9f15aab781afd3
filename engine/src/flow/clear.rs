//! `deleteByPattern`, `expireByPattern` and `clear`: all keys that match, everywhere.

use crate::{
    bus::Body,
    coherence::recent::Target,
    entry::pattern::Pattern,
    flow::{delete::StaleCopy, state::CacheState},
    observe::{Event, Kind},
    store::StoreCall,
    value::Value,
};

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
        self.generations.raise_matching(pattern, &held);
        let expired = copies == StaleCopy::Kept;
        self.observe.emit(Kind::DeletePattern, || Event::DeletePattern {
            pattern: pattern.clone(),
            remote: false,
            expired,
        });
        let message = self.message(None, Body::Pattern(pattern.clone())).expiring(expired);
        self.publish(message, underway).await;
    }
}
