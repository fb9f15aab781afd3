//! `has`, `size` and the size of a part: find entries without reading them.

use crate::{
    entry::{key::Key, pattern::Pattern},
    flow::state::CacheState,
    l1::Layer1,
    store::StoreCall,
    value::Value,
};

impl<V: Value> CacheState<V> {
    pub(crate) async fn has(&self, key: &Key) -> bool {
        let remembers = || matches!(self.l1, Layer1::Memory(_)) || self.kept.negatives.holds(key, self.now());
        let waits = self.outage.is_blind() && !self.switches.skips_l1() && remembers();
        let sees = !waits || Box::pin(self.sees()).await;
        let now = self.now();
        if sees && !self.switches.skips_l1() && self.kept.negatives.holds(key, now) {
            return false;
        }
        let stored = self.stored_key(key);
        let in_l1 = match &self.l1 {
            _ if self.switches.skips_l1() => false,
            Layer1::Memory(_) if !sees => false,
            Layer1::Memory(memory) => memory.peek(&stored, now).is_some(),
            Layer1::Custom(_) if self.fence.stores_overtaken(key) => false,
            Layer1::Custom(store) => self.run_l1("has", Some(key), store.has(&stored)).await.unwrap_or(false),
            Layer1::Off => false,
        };
        if in_l1 {
            return true;
        }
        let Some(l2) = self.l2.as_ref().filter(|_| !self.switches.skips_l2()) else { return false };
        if self.may_hold_overtaken(l2, key) {
            return false;
        }
        let call = StoreCall { operation: "has", key: Some(key) };
        match l2.tags_of(call, &self.entry_of(key)).await {
            Some(counts) if counts.is_empty() => true,
            Some(counts) => Box::pin(self.counts_stand(l2, key, &counts)).await,
            None => false,
        }
    }

    /// The entries of the memory layer that match.
    pub(crate) async fn size_matching(&self, pattern: &Pattern) -> u64 {
        let Layer1::Memory(memory) = &self.l1 else { return 0 };
        let stored = self.stored_pattern(pattern);
        let (mut count, mut cursor) = (0, Some(0));
        while let Some(from) = cursor {
            let (more, next) = memory.count(from, &stored, self.now());
            count += more;
            cursor = next;
            if cursor.is_some()
                && let Some(turn) = self.timers.turn()
            {
                turn.await;
            }
        }
        count
    }

    /// The entries of the first layer, else of the second, else none.
    pub(crate) async fn size(&self) -> u64 {
        match (&self.l1, &self.l2) {
            (Layer1::Memory(memory), _) => memory.len(self.now()) as u64,
            (Layer1::Custom(store), _) => {
                self.run_l1("size", Some(&Pattern::from("*").as_key()), store.size()).await.unwrap_or(0)
            }
            (Layer1::Off, Some(l2)) => {
                let everything = Pattern::from("*").as_key();
                let call = StoreCall { operation: "size", key: Some(&everything) };
                l2.run(call, |store| store.size()).await.unwrap_or(0)
            }
            (Layer1::Off, None) => 0,
        }
    }
}
