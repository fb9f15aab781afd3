//! A load that takes the distributed lock first: one instance loads, the others wait for its value.

use uuid::Uuid;

use crate::{
    clock::Ttl,
    coherence::fence::HeldLock,
    entry::key::Key,
    flow::state::CacheState,
    l1::Layer1,
    load::{Caller, Outcome},
    options::Settings,
    store::{Guarded, LockOf, StoreCall},
    value::Value,
};

impl<V: Value> CacheState<V> {
    pub(crate) async fn load_locked<C: Caller<V>>(
        &self,
        key: &Key,
        settings: &Settings,
        caller: &C,
    ) -> Outcome<V> {
        let Some(l2) = self.l2.as_ref().filter(|l2| l2.store().locks().is_some()) else {
            return self.load(key, settings, caller, self.now()).await;
        };
        let stored = self.stored_key(key).into_owned();
        let token = Uuid::new_v4().to_string();
        let ends = self.now().after(settings.lock.ttl);
        let lock = LockOf { key, stored: &stored };
        match acquire(l2, lock, &token, settings).await {
            Some(true) => {
                // Whoever held the lock until now may have stored the value after we looked.
                let outcome = match self.look(key, settings).await {
                    Some(value) => Outcome::Value(value),
                    None => {
                        let lock = HeldLock { token: token.clone(), ends };
                        let ticket = self.load_ticket(key, settings, self.now()).under_lock(lock);
                        self.load_under(&ticket, key, settings, caller).await
                    }
                };
                release(l2, lock, &token).await;
                outcome
            }
            Some(false) => match self.wait_for_value(key, settings).await {
                Some(value) => Outcome::Value(value),
                None => self.load(key, settings, caller, self.now()).await,
            },
            None => self.load(key, settings, caller, self.now()).await,
        }
    }

    /// Looks for the value every `poll` until it is there or `wait` is over.
    async fn wait_for_value(&self, key: &Key, settings: &Settings) -> Option<V> {
        let end = self.now().after(settings.lock.wait);
        loop {
            let left = Ttl(end.0.saturating_sub(self.now().0));
            if left == Ttl(0) {
                return None;
            }
            self.timers.sleep_ttl(Some(settings.lock.poll.at_most(left))).await;
            if let Some(value) = self.look(key, settings).await {
                return Some(value);
            }
        }
    }

    /// A read that tells no `miss`: the request has told its own already.
    async fn look(&self, key: &Key, settings: &Settings) -> Option<V> {
        let stored = self.stored_key(key);
        let in_l1 = match &self.l1 {
            Layer1::Memory(memory) => {
                memory.get(&stored, self.now()).and_then(|value| self.realized("get", key, &stored, value))
            }
            Layer1::Custom(store) => {
                self.run_l1("get", Some(key), store.get(&stored)).await.flatten().map(|found| found.value)
            }
            Layer1::Off => None,
        };
        if in_l1.is_some() {
            return in_l1;
        }
        let ticket = self.fence.read_ticket(key, self.now()).for_second_layer();
        let call = StoreCall { operation: "get", key: Some(key) };
        let found = self.l2.as_ref()?.get(call, &stored).await?;
        Some(self.take_over(key, &stored, found, settings, &ticket).await)
    }
}

/// Whether the lock was acquired; `None` when the store could not tell.
async fn acquire<V: Value>(
    l2: &Guarded<V>,
    lock: LockOf<'_>,
    token: &str,
    settings: &Settings,
) -> Option<bool> {
    let call = StoreCall { operation: "acquireLock", key: Some(lock.key) };
    l2.run(call, |store| match store.locks() {
        Some(locks) => Box::pin(locks.acquire(lock, token, settings.lock.ttl)),
        None => Box::pin(async { Ok(false) }),
    })
    .await
}

async fn release<V: Value>(l2: &Guarded<V>, lock: LockOf<'_>, token: &str) {
    let call = StoreCall { operation: "releaseLock", key: Some(lock.key) };
    l2.run(call, |store| match store.locks() {
        Some(locks) => Box::pin(locks.release(lock, token)),
        None => Box::pin(async { Ok(()) }),
    })
    .await;
}
