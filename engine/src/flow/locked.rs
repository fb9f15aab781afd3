//! A load that takes the distributed lock first: one instance loads, the others wait for its value.

use std::pin::pin;

use uuid::Uuid;

use crate::{
    clock::Ttl,
    coherence::fence::HeldLock,
    entry::key::Key,
    flow::{get::Missed, state::CacheState},
    l1::Layer1,
    load::{Caller, Outcome},
    observe::event::StaleReason,
    options::Settings,
    store::{Guarded, LockOf, MarkCell, StoreCall},
    value::Value,
};

impl<V: Value> CacheState<V> {
    pub(crate) async fn load_locked<C: Caller<V>>(
        &self,
        key: &Key,
        settings: &Settings,
        caller: &C,
        mut missed: Missed,
    ) -> Outcome<V> {
        let Some(l2) = self.l2.as_ref().filter(|l2| l2.store().locks().is_some()) else {
            return self.load(key, settings, caller, missed).await;
        };
        let stored = self.entry_of(key).into_owned();
        let token = Uuid::new_v4().to_string();
        let lock = LockOf { key, stored: &stored };
        let began = self.now();
        let waits_until = began.after(settings.lock.wait);
        let soft_until = settings.timeouts.soft.map(|soft| began.after(soft));
        let mut is_told = false;
        let mut may_hold = None;
        loop {
            let ends = self.now().after(settings.lock.ttl);
            let mut held = Holding::of(l2, lock, &token);
            match acquire(l2, lock, &token, settings).await {
                Some(true) => {
                    // The former holder of the lock may have stored the value after we looked.
                    let outcome = match self.look(key, settings).await {
                        Ok(value) => Outcome::Value(value),
                        Err(missed) => {
                            let lock = HeldLock { token: token.clone(), ends };
                            let ticket = self.load_ticket(key, settings, missed);
                            self.load_under(&ticket.under_lock(lock), key, settings, caller).await
                        }
                    };
                    held.release().await;
                    return outcome;
                }
                Some(false) => held.is_released = true,
                None => {
                    may_hold = Some(held);
                    break;
                }
            }
            if !is_told {
                is_told = true;
                caller.waits_for_lock();
            }
            let now = self.now();
            // The holder of the lock loads the value: nothing goes on here once the caller has an answer.
            if soft_until.is_some_and(|until| until <= now)
                && let Some(value) = self.answer_stale(key, settings, StaleReason::SoftTimeout)
            {
                return Outcome::Value(value);
            }
            let left = Ttl(waits_until.0.saturating_sub(now.0));
            if left == Ttl(0) {
                break;
            }
            let soft_left =
                soft_until.filter(|until| *until > now).map_or(left, |until| Ttl(until.0 - now.0));
            // The holder of the lock stores the value, or releases the lock without a value: then the loop
            // tries again.
            self.timers.sleep_ttl(Some(settings.lock.poll.at_most(left).at_most(soft_left))).await;
            match self.look(key, settings).await {
                Ok(value) => return Outcome::Value(value),
                Err(now) => missed = now,
            }
        }
        let load = self.load(key, settings, caller, missed);
        match may_hold {
            Some(held) => beside(load, held.release()).await,
            None => load.await,
        }
    }

    /// A read that emits no `miss`: the request has already emitted its own.
    async fn look(&self, key: &Key, settings: &Settings) -> Result<V, Missed> {
        let stored = self.stored_key(key);
        let in_l1 = match &self.l1 {
            _ if self.switches.skips_l1() => None,
            Layer1::Memory(_) if self.outage.is_blind() && !Box::pin(self.sees()).await => None,
            Layer1::Memory(memory) => self
                .get_l1(memory, key, &stored, self.now())
                .and_then(|value| self.realized("get", key, &stored, value)),
            Layer1::Custom(store) => {
                self.run_l1("get", Some(key), store.get(&stored)).await.flatten().map(|found| found.value)
            }
            Layer1::Off => None,
        };
        if let Some(value) = in_l1 {
            self.note_source(settings, || self.source_in_l1(key));
            return Ok(value);
        }
        let (mut mark, mut counts) = (None, None);
        if let Some(l2) = &self.l2 {
            let ticket = self.fence.read_ticket(key, self.now()).for_second_layer();
            let cell = MarkCell::default();
            let found;
            (found, counts) = tokio::join!(self.ask_l2(l2, key, Some(&cell)), self.count_tags(key, settings));
            if let Some((found, _fill)) = self.valid(l2, key, found).await {
                return Ok(self.take_over(key, &stored, found, settings, &ticket).await);
            }
            mark = l2.mark_in(&cell).await;
        }
        Err(Missed { at: self.now(), mark, counts })
    }
}

/// A load without a lock that the store may have given all the same, too late: it is released on the way, or the key
/// would be locked for the lock's whole life. The load does not wait for that.
pub(super) async fn beside<T>(load: impl Future<Output = T>, release: impl Future<Output = ()>) -> T {
    let (mut load, mut release) = (pin!(load), pin!(release));
    tokio::select! {
        biased;
        () = &mut release => {}
        loaded = &mut load => return loaded,
    }
    load.await
}

/// Whether the lock was acquired; `None` when the store could not tell.
pub(super) async fn acquire<V: Value>(
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

/// A lock that is asked for, or held. A load that is dropped halfway releases it without waiting, or the key would be
/// locked for the lock's whole life.
pub(super) struct Holding<'a, V: Value> {
    l2: &'a Guarded<V>,
    lock: LockOf<'a>,
    token: &'a str,
    /// Whether it was released, or belongs to another instance.
    pub(super) is_released: bool,
}

impl<'a, V: Value> Holding<'a, V> {
    pub(super) fn of(l2: &'a Guarded<V>, lock: LockOf<'a>, token: &'a str) -> Holding<'a, V> {
        Holding { l2, lock, token, is_released: false }
    }

    pub(super) async fn release(mut self) {
        self.is_released = true;
        let call = StoreCall { operation: "releaseLock", key: Some(self.lock.key) };
        let (lock, token) = (self.lock, self.token);
        self.l2
            .run(call, |store| match store.locks() {
                Some(locks) => Box::pin(locks.release(lock, token)),
                None => Box::pin(async { Ok(()) }),
            })
            .await;
    }
}

impl<V: Value> Drop for Holding<'_, V> {
    fn drop(&mut self) {
        if !self.is_released
            && let Some(locks) = self.l2.store().locks()
        {
            // Stores are asked by the call.
            drop(locks.release(self.lock, self.token));
        }
    }
}
