//! Reads of several keys from a guarded store.

use super::{Guarded, StoreCall};
use crate::{entry::key::Key, resilience::breaker::BreakerState, store::Found, value::Value};

impl<V: Value> Guarded<V> {
    /// [`Guarded::get`] for several keys, by one operation of the store; each is told and counted as a `get`. `None`
    /// where they have to be asked for one by one: the store cannot do that, or may not be called now.
    pub async fn get_many(&self, keys: &[&Key], stored: &[Key]) -> Option<Vec<Option<Found<V>>>> {
        if self.circuit() != BreakerState::Closed {
            return None;
        }
        let is_owed: Vec<bool> = stored.iter().map(|stored| self.missed.contains(stored)).collect();
        let servers = self.store.replacements();
        let started = self.clock.now();
        let answer = self.in_time(self.store.get_many(stored)?).await;
        let took = self.clock.now().since(started);
        let answers = match answer {
            Ok(answers) => answers,
            Err(error) => stored.iter().map(|_| Err(error.clone())).collect(),
        };
        self.observe.counters().second_layer().record_several(took, keys.len());
        // Successes in a row are one success for the circuit.
        let mut was_sound = false;
        let is_same_server = self.store.replacements() == servers;
        let each = keys.iter().zip(answers).zip(is_owed).map(|((key, answer), is_owed)| {
            let is_sound = answer.is_ok();
            let found = if is_sound && was_sound {
                answer.ok()
            } else {
                self.settle(StoreCall { operation: "get", key: Some(key) }, answer).ok()
            };
            was_sound = is_sound;
            found.flatten().filter(|_| !is_owed && is_same_server)
        });
        Some(each.collect())
    }
}
