//! Sending messages: no failure of the bus reaches a caller, and none makes it wait for long.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;

use super::{Bus, Message};
use crate::{
    clock::{Clock, Timers},
    observe::{Event, Kind, Observe},
    resilience::breaker::{Breaker, BreakerOptions},
    value::{Failure, Value},
};

/// How long sending may take before it counts as failed.
const DEADLINE: Duration = Duration::from_secs(1);

/// The sending side of the bus.
pub struct Publisher<V> {
    bus: Arc<dyn Bus<V>>,
    breaker: Mutex<Breaker>,
    clock: Clock,
    timers: Timers,
    observe: Arc<Observe<V>>,
}

impl<V: Value> Publisher<V> {
    /// Puts a breaker around `bus`.
    #[must_use]
    pub fn new(
        bus: Arc<dyn Bus<V>>,
        breaker: BreakerOptions,
        clock: Clock,
        timers: Timers,
        observe: Arc<Observe<V>>,
    ) -> Self {
        Publisher { bus, breaker: Mutex::new(Breaker::new(breaker)), clock, timers, observe }
    }

    /// The size of a message in bytes, encoded as the bus sends it.
    #[must_use]
    pub fn encoded_bytes(&self, message: &Message<V>) -> u64 {
        self.bus.encoded_bytes(message)
    }

    /// Sends a message. False when it was skipped or failed, which an event has told.
    pub async fn publish(&self, message: &Message<V>) -> bool {
        let name = message.body.name();
        if !self.breaker.lock().can_call(self.clock.now()) {
            let state = self.breaker.lock().state(self.clock.now());
            self.observe.emit(Kind::BusPublishSkipped, || Event::BusPublishSkipped { message: name, state });
            return false;
        }
        let sent = tokio::select! {
            biased;
            sent = self.bus.publish(message) => sent,
            () = self.timers.sleep(DEADLINE) => Err(Failure::Message(format!(
                "the event bus did not take the event within {} ms", DEADLINE.as_millis()))),
        };
        match sent {
            Ok(()) => {
                self.breaker.lock().record_success();
                true
            }
            Err(error) => {
                let state = self.breaker.lock().record_failure(self.clock.now());
                self.observe.emit(Kind::BusPublishError, || Event::BusPublishError {
                    message: name,
                    state,
                    error,
                });
                false
            }
        }
    }
}
