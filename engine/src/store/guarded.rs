//! A store behind a circuit breaker and a deadline: no failure of it reaches a caller, and none makes it wait for
//! long.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::Poll,
};

use parking_lot::Mutex;

use super::{
    Answer, Found, Store,
    owed::{Due, Owed},
};
use crate::{
    clock::{Clock, Timers, Ttl},
    entry::{key::Key, pattern::Pattern},
    observe::{Event, Kind, Observe},
    options::CacheOptions,
    resilience::breaker::{Breaker, BreakerState},
    value::{Failure, Value},
};

/// One operation on a store: its name in events, and the key it is about, if it is about one.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The name of the operation, as events carry it.
    pub operation: &'static str,
    /// The key as the caller gave it.
    pub key: Option<&'a Key>,
}

/// Why an operation came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missed {
    /// The circuit is open.
    Skipped,
    /// No answer, or none that says anything.
    Failed,
    /// The user's object threw.
    Answered,
    /// The store is there, and refuses this one thing.
    Refused,
}

/// The second layer as flows see it.
pub struct Guarded<V> {
    store: Arc<dyn Store<V>>,
    breaker: Mutex<Breaker>,
    /// How often the store had come back when the breaker last heard of it.
    returns: AtomicU64,
    timeout: Ttl,
    owed: Owed,
    clock: Clock,
    timers: Timers,
    observe: Arc<Observe<V>>,
}

impl<V: Value> Guarded<V> {
    /// Puts a breaker and a deadline around `store`, by the options of the cache.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store<V>>,
        options: &CacheOptions,
        clock: Clock,
        timers: Timers,
        observe: Arc<Observe<V>>,
    ) -> Self {
        // A timer for each call is left out where the store has one.
        let timeout = if options.l2_timeout < store.deadline() { options.l2_timeout } else { Ttl::FOREVER };
        let breaker = Mutex::new(Breaker::new(options.l2_breaker.clone()));
        let returns = AtomicU64::new(store.returns());
        Guarded { store, breaker, returns, timeout, owed: Owed::new(), clock, timers, observe }
    }

    /// The state of the circuit.
    #[must_use]
    pub fn circuit(&self) -> BreakerState {
        self.breaker.lock().state(self.clock.now())
    }

    /// The store itself, for what needs no network.
    #[must_use]
    pub fn store(&self) -> &dyn Store<V> {
        &*self.store
    }

    /// The value of a key. `None` also when what the store holds may be older than what is known here.
    pub async fn get(&self, call: Call<'_>, stored: &Key) -> Option<Found<V>> {
        let is_owed = self.owed.holds(stored);
        let found = self.run(call, |store| store.get(stored)).await.flatten();
        found.filter(|_| !is_owed)
    }

    /// Whether there is a value that [`Guarded::get`] would give.
    pub async fn has(&self, call: Call<'_>, stored: &Key) -> bool {
        let is_owed = self.owed.holds(stored);
        let has = self.run(call, |store| store.has(stored)).await;
        has == Some(true) && !is_owed
    }

    /// Runs what gives a key a new value; true when it has it. Where that fails, what the store held before
    /// is older than what is known here, and must not be read by anybody.
    pub async fn write<'a>(
        &'a self,
        call: Call<'_>,
        stored: &Key,
        operation: impl FnOnce(&'a dyn Store<V>) -> Answer<'a, bool, V>,
    ) -> Option<bool> {
        let written = self.attempt(call, operation, false).await;
        self.after(&written).await;
        match written {
            Ok(true) => self.owed.settle(stored),
            Ok(false) => {}
            Err(missed) => Box::pin(self.remove_older(call, stored, missed)).await,
        }
        written.ok()
    }

    /// Removes a key.
    pub async fn delete(&self, call: Call<'_>, stored: &Key, lock: Option<&Key>) {
        let deleted = self.attempt(call, |store| store.delete(stored, lock), true).await;
        self.after(&deleted).await;
        match deleted {
            Ok(()) => self.owed.settle(stored),
            Err(_) => self.owe(stored),
        }
    }

    /// Removes all keys that match.
    pub async fn delete_by_pattern(&self, call: Call<'_>, stored: &Pattern) {
        let deleted = self.attempt(call, |store| store.delete_by_pattern(stored), true).await;
        self.after(&deleted).await;
        if deleted.is_err() && self.store.is_shared() {
            self.owed.add_pattern(stored);
        }
    }

    /// Removes what a failed write has left, at once if the store is there. One that others read from is owed it else.
    async fn remove_older(&self, call: Call<'_>, stored: &Key, missed: Missed) {
        if !self.store.is_shared() {
            // Its user knows it by what it does for `set`: that alone is told and counted.
            if matches!(missed, Missed::Answered | Missed::Refused) {
                drop(self.in_time(self.store.delete(stored, None)).await);
            }
            return;
        }
        let call = Call { operation: "delete", ..call };
        let removed = missed == Missed::Refused
            && self.attempt(call, |store| store.delete(stored, None), true).await.is_ok();
        if removed {
            self.owed.settle(stored);
        } else {
            self.owe(stored);
        }
    }

    /// What the store holds of a key is older than what is known here. A private store may keep it; a shared one has to
    /// lose it.
    fn owe(&self, stored: &Key) {
        if self.store.is_shared() {
            self.owed.add(stored);
        }
    }

    /// Makes up for what the store has missed, a part at a time.
    ///
    /// Events about it name no key: they are told on the way of a call that may be about another's.
    async fn make_up(&self) {
        let Some(payment) = self.owed.take_due(self.clock.now()) else { return };
        let paid = match &payment.due {
            Due::Pattern(_, pattern) => {
                let call = Call { operation: "deleteByPattern", key: None };
                self.attempt(call, |store| store.delete_by_pattern(pattern), true).await.is_ok()
            }
            Due::Keys(keys) => {
                let call = Call { operation: "delete", key: None };
                let paid = self.attempt(
                    call,
                    |store| {
                        // All are on their way before the first is waited for.
                        let deletes: Vec<_> = keys.iter().map(|(_, key)| store.delete(key, None)).collect();
                        Box::pin(async move {
                            for delete in deletes {
                                delete.await?;
                            }
                            Ok(())
                        })
                    },
                    true,
                );
                paid.await.is_ok()
            }
        };
        if paid {
            payment.paid();
        }
    }

    /// Runs one operation. `None` when it was skipped or failed, which an event has told. After one that went well the
    /// store makes up for what it has missed.
    pub async fn run<'a, T>(
        &'a self,
        call: Call<'_>,
        operation: impl FnOnce(&'a dyn Store<V>) -> Answer<'a, T, V>,
    ) -> Option<T> {
        let answer = self.attempt(call, operation, false).await;
        self.after(&answer).await;
        answer.ok()
    }

    async fn after<T>(&self, answer: &Result<T, Missed>) {
        if answer.is_ok() && self.owed.any() {
            Box::pin(self.make_up()).await;
        }
    }

    /// Runs one operation, of removals also one that an open circuit would skip if the store can be reached:
    /// what is not removed is read by others.
    async fn attempt<'a, T>(
        &'a self,
        call: Call<'_>,
        operation: impl FnOnce(&'a dyn Store<V>) -> Answer<'a, T, V>,
        removes: bool,
    ) -> Result<T, Missed> {
        let may_call = self.can_call() || (removes && self.store.is_reachable());
        if !may_call {
            let state = self.breaker.lock().state(self.clock.now());
            self.observe.emit(Kind::L2Skipped, || Event::L2Skipped {
                operation: call.operation,
                key: call.key.cloned(),
                state,
            });
            return Err(Missed::Skipped);
        }
        let started = self.clock.now();
        let answer = self.in_time(operation(&*self.store)).await;
        self.observe.counters().second_layer().record(self.clock.now().since(started));
        match answer {
            Ok(answer) => {
                let state = self.breaker.lock().record_success();
                if let Some(complaint) = self.store.take_complaint() {
                    self.tell(call, state, Failure::Message(complaint));
                }
                Ok(answer)
            }
            Err(error) => {
                let (missed, state) = match error {
                    // It answered: what is wrong is one record, or one command.
                    Failure::Unreadable(_) => (Missed::Refused, self.breaker.lock().record_success()),
                    Failure::Thrown(_) => {
                        (Missed::Answered, self.breaker.lock().record_failure(self.clock.now()))
                    }
                    Failure::Message(_) => {
                        (Missed::Failed, self.breaker.lock().record_failure(self.clock.now()))
                    }
                };
                self.tell(call, state, error);
                Err(missed)
            }
        }
    }

    fn tell(&self, call: Call<'_>, state: BreakerState, error: Failure<V>) {
        self.observe.emit(Kind::L2Error, || Event::L2Error {
            operation: call.operation,
            key: call.key.cloned(),
            state,
            error,
        });
    }

    fn can_call(&self) -> bool {
        let now = self.clock.now();
        let returns = self.store.returns();
        let came_back = self.returns.swap(returns, Relaxed) != returns;
        let mut breaker = self.breaker.lock();
        if came_back {
            breaker.end_cooldown(now);
        }
        breaker.can_call(now)
    }

    /// What an operation comes to, a failure if that takes too long.
    async fn in_time<T>(&self, mut answer: Answer<'_, T, V>) -> Result<T, Failure<V>> {
        let Some(limit) = self.timeout.duration() else { return answer.await };
        // What answers at once needs no timer.
        let at_once = poll_fn(|context| match answer.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => Poll::Ready(None),
        });
        if let Some(answer) = at_once.await {
            return answer;
        }
        tokio::select! {
            biased;
            answer = answer => answer,
            () = self.timers.sleep(limit) => Err(Failure::Message(format!(
                "the second layer did not answer within {} ms", limit.as_secs_f64() * 1000.0))),
        }
    }
}
