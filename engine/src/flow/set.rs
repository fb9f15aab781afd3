//! `set`: writes the active layers. It never tells the other instances.

use crate::{
    entry::key::Key,
    flow::parts::Parts,
    l1::{Layer1, Life},
    observe::{Event, Kind},
    options::Settings,
    store::Call,
    value::Value,
};

impl<V: Value> Parts<V> {
    pub(crate) async fn set(&self, key: &Key, value: &V, settings: &Settings) {
        let stored = self.stored_key(key);
        let mut in_l1 = self.set_memory(key, &stored, value, settings);
        if let Layer1::Own(store) = &self.l1 {
            in_l1 = self.run_l1("set", Some(key), store.set(&stored, value, settings.l1_ttl)).await.is_some();
        }
        let mut in_l2 = false;
        if let Some(l2) = &self.l2 {
            let call = Call { operation: "set", key: Some(key) };
            in_l2 = l2.run(call, |store| store.set(&stored, value, settings.l2_ttl)).await.is_some();
        }
        self.observe.emit(Kind::Set, || Event::Set { key: key.clone(), l1: in_l1, l2: in_l2 });
    }

    /// Writes what is kept in this process. Loads and reads that run for the key are older than the
    /// value: they may not store theirs over it.
    fn set_memory(&self, key: &Key, stored: &Key, value: &V, settings: &Settings) -> bool {
        self.fence.void(key);
        self.flights.forget(key);
        self.negatives.remove(key);
        self.remember_stale(key, value, settings, None);
        let Layer1::Memory(memory) = &self.l1 else { return false };
        let now = self.now();
        let life = Life { stamp: now, expires: settings.l1_expiry(now), lease: settings.front_lease() };
        memory.put(stored, value.clone(), life, now)
    }
}
