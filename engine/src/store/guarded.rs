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

use super::{Answer, Store};
use crate::{
    clock::{Clock, Timers, Ttl},
    entry::key::Key,
    observe::{Event, Kind, Observe},
    options::CacheOptions,
    resilience::breaker::Breaker,
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

/// The second layer as flows see it.
pub struct Guarded<V> {
    store: Arc<dyn Store<V>>,
    breaker: Mutex<Breaker>,
    /// How often the store had come back when the breaker last heard of it.
    returns: AtomicU64,
    timeout: Ttl,
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
        Guarded { store, breaker, returns, timeout, clock, timers, observe }
    }

    /// The store itself, for what needs no network.
    #[must_use]
    pub fn store(&self) -> &dyn Store<V> {
        &*self.store
    }

    /// Runs one operation. `None` when it was skipped or failed, which an event has told.
    pub async fn run<'a, T>(
        &'a self,
        call: Call<'_>,
        operation: impl FnOnce(&'a dyn Store<V>) -> Answer<'a, T, V>,
    ) -> Option<T> {
        if !self.can_call() {
            let state = self.breaker.lock().state(self.clock.now());
            self.observe.emit(Kind::L2Skipped, || Event::L2Skipped {
                operation: call.operation,
                key: call.key.cloned(),
                state,
            });
            return None;
        }
        match self.in_time(operation(&*self.store)).await {
            Ok(answer) => {
                self.breaker.lock().record_success();
                Some(answer)
            }
            Err(error) => {
                let state = match error {
                    // It answered: what is wrong is one record.
                    Failure::Unreadable(_) => self.breaker.lock().record_success(),
                    _ => self.breaker.lock().record_failure(self.clock.now()),
                };
                self.observe.emit(Kind::L2Error, || Event::L2Error {
                    operation: call.operation,
                    key: call.key.cloned(),
                    state,
                    error,
                });
                None
            }
        }
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
