//! Sending messages: no failure of the bus reaches a caller, and none makes it wait for long.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use parking_lot::Mutex;

use super::{Bus, Message};
use crate::{
    clock::{Clock, Timers},
    observe::{Event, Kind, Observe},
    resilience::breaker::{Breaker, BreakerOptions, BreakerState},
    value::{Failure, Value},
};

/// The sending side of the bus.
pub struct Publisher<V> {
    bus: Arc<dyn Bus<V>>,
    breaker: Mutex<Breaker>,
    /// The number of reconnects of the transport at the last look.
    reconnects: AtomicU64,
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
        let (breaker, reconnects) = (Mutex::new(Breaker::new(breaker)), AtomicU64::new(bus.reconnects()));
        Publisher { bus, breaker, reconnects, clock, timers, observe }
    }

    /// The state of the circuit.
    #[must_use]
    pub fn circuit(&self) -> BreakerState {
        self.breaker.lock().state(self.clock.now())
    }

    /// The size of a message in bytes, encoded as the bus sends it.
    #[must_use]
    pub fn encoded_bytes(&self, message: &Message<V>) -> u64 {
        self.bus.encoded_bytes(message)
    }

    /// How long the sender of kept messages has to wait. `None`: not at all, and the outcome is to be told to
    /// [`Publisher::tried`].
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        self.breaker.lock().wait(self.clock.now())
    }

    /// Kept messages could be sent, or could not.
    pub fn tried(&self, sent: bool) {
        let mut breaker = self.breaker.lock();
        if sent {
            breaker.record_success();
        } else {
            breaker.record_failure(self.clock.now());
        }
    }

    /// Sends a message. False when it was skipped or failed, which an event has told; a bus with a queue has
    /// it by then. `skipping` is called before it is told that the message was skipped.
    pub async fn publish(&self, message: &Message<V>, skipping: impl FnOnce()) -> bool {
        let event_type = message.body.kind();
        let reconnects = self.bus.reconnects();
        if self.reconnects.swap(reconnects, Relaxed) != reconnects {
            self.breaker.lock().end_cooldown(self.clock.now());
        }
        if !self.breaker.lock().can_call(self.clock.now()) {
            let state = self.breaker.lock().state(self.clock.now());
            self.bus.postpone(message);
            skipping();
            self.observe.emit(Kind::BusPublishSkipped, || Event::BusPublishSkipped { event_type, state });
            return false;
        }
        let started = self.clock.now();
        let sent = match self.bus.deadline() {
            None => self.bus.publish(message).await,
            Some(limit) => tokio::select! {
                biased;
                sent = self.bus.publish(message) => sent,
                () = self.timers.sleep(limit) => Err(Failure::Message(format!(
                    "the event bus did not take the event within {} ms", limit.as_millis()))),
            },
        };
        self.observe.counters().publishing().record(self.clock.now().since(started));
        match sent {
            Ok(()) => {
                self.breaker.lock().record_success();
                true
            }
            Err(error) => {
                let now = self.clock.now();
                let state = match error {
                    // Not the fault of the bus: no other message suffers for it.
                    Failure::Unreadable(_) => self.breaker.lock().record_success(),
                    Failure::Thrown(_) | Failure::Message(_) => {
                        self.bus.failed(message);
                        self.breaker.lock().record_failure(now)
                    }
                };
                self.observe.emit(Kind::BusPublishError, || Event::BusPublishError {
                    event_type,
                    state,
                    error,
                });
                false
            }
        }
    }
}
