//! A store behind a circuit breaker: no failure of it reaches a caller.

use std::sync::Arc;

use parking_lot::Mutex;

use super::{Answer, Store};
use crate::{
    clock::Clock,
    entry::key::Key,
    observe::{Event, Kind, Observe},
    resilience::breaker::{Breaker, BreakerOptions},
    value::Value,
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
    clock: Clock,
    observe: Arc<Observe<V>>,
}

impl<V: Value> Guarded<V> {
    /// Puts a breaker around `store`.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store<V>>,
        breaker: BreakerOptions,
        clock: Clock,
        observe: Arc<Observe<V>>,
    ) -> Self {
        Guarded { store, breaker: Mutex::new(Breaker::new(breaker)), clock, observe }
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
        if !self.breaker.lock().can_call(self.clock.now()) {
            let state = self.breaker.lock().state(self.clock.now());
            self.observe.emit(Kind::L2Skipped, || Event::L2Skipped {
                operation: call.operation,
                key: call.key.cloned(),
                state,
            });
            return None;
        }
        match operation(&*self.store).await {
            Ok(answer) => {
                self.breaker.lock().record_success();
                Some(answer)
            }
            Err(error) => {
                let state = self.breaker.lock().record_failure(self.clock.now());
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
}
