//! Sending messages: no failure of the bus reaches a caller, and none makes it wait for long.

use std::{
    sync::{
        Arc,
        atomic::{
            AtomicBool, AtomicU64,
            Ordering::{Relaxed, SeqCst},
        },
    },
    time::Duration,
};

use crate::{
    bus::{Bus, Message, random_source, wire::Number},
    clock::{Clock, Timers},
    observe::{Event, Kind, Observe},
    resilience::{
        breaker::{Breaker, BreakerState},
        shared::SharedBreaker,
    },
    value::{Failure, Value},
};

/// The sending side of the bus.
pub(crate) struct Publisher<V> {
    bus: Arc<dyn Bus<V>>,
    breaker: SharedBreaker,
    /// The name of this publisher's run, and the count of the invalidations that it numbered, if the bus does
    /// not.
    name: String,
    numbered: AtomicU64,
    bus_numbers: bool,
    /// The wall time at which it was made, and whether another instance was heard under the name of this one.
    made: u64,
    impersonated: AtomicBool,
    clock: Clock,
    timers: Timers,
    observe: Arc<Observe<V>>,
}

impl<V: Value> Publisher<V> {
    /// Puts a breaker in front of `bus`.
    #[must_use]
    pub(crate) fn new(
        bus: Arc<dyn Bus<V>>,
        breaker: Breaker,
        clock: Clock,
        timers: Timers,
        observe: Arc<Observe<V>>,
    ) -> Self {
        let breaker = SharedBreaker::new(breaker, bus.reconnects());
        let (name, numbered, bus_numbers) = (random_source(), AtomicU64::new(0), bus.position().is_some());
        let (made, impersonated) = (clock.wall_millis(), AtomicBool::new(false));
        Publisher { bus, breaker, name, numbered, bus_numbers, made, impersonated, clock, timers, observe }
    }

    /// Whether a message under the name of this instance comes from another one: two instances were given the
    /// same name. A message from before this publisher was made may come from an earlier run.
    pub(crate) fn disowns(&self, message: &Message<V>) -> bool {
        let Some(number) = &message.number else { return false };
        let own = self.bus.position().map(|own| own.publisher);
        let own = own.as_deref().unwrap_or(&self.name);
        number.publisher != own && message.stamped >= self.made
    }

    /// Notes that another instance was heard under the name of this one. Returns whether that is news.
    pub(crate) fn note_impersonation(&self) -> bool {
        !self.impersonated.swap(true, Relaxed)
    }

    /// The state of the circuit.
    #[must_use]
    pub(crate) fn circuit(&self) -> BreakerState {
        self.breaker.state(self.clock.now())
    }

    /// The size of a message in bytes, encoded as the bus sends it.
    #[must_use]
    pub(crate) fn encoded_bytes(&self, message: &Message<V>) -> u64 {
        self.bus.encoded_bytes(message)
    }

    /// The bus itself, for calls that need no network.
    #[must_use]
    pub(crate) fn bus(&self) -> &dyn Bus<V> {
        &*self.bus
    }

    /// How long the sender of kept messages has to wait. `None`: not at all, and the sender then reports the
    /// outcome to [`Publisher::tried`].
    #[must_use]
    pub(crate) fn wait(&self) -> Option<Duration> {
        self.breaker.wait(self.clock.now())
    }

    /// Reports whether kept messages could be sent.
    pub(crate) fn tried(&self, sent: bool) {
        if sent {
            self.breaker.record_success();
        } else {
            self.breaker.record_failure(self.clock.now());
        }
    }

    /// The number of the invalidation that is sent next, unless the bus numbers it.
    #[must_use]
    pub(crate) fn number(&self) -> Option<Number> {
        if self.bus_numbers {
            return None;
        }
        let sequence = self.numbered.fetch_add(1, SeqCst) + 1;
        Some(Number { publisher: self.name.clone(), sequence })
    }

    /// Sends a message. Returns false if it was skipped or failed, which an event tells; a bus with a queue has
    /// queued it by then, unless it carries a value. `skipping` is called before the event of a skipped
    /// message, `given` once the bus has the message, with its number or a later one that the bus has assigned.
    pub(crate) async fn publish(
        &self,
        message: &Message<V>,
        skipping: impl FnOnce(),
        given: impl FnOnce(Number),
    ) -> bool {
        let tell_number = || {
            let is_of_load = message.body.is_of_load();
            let number =
                if self.bus_numbers && !is_of_load { self.bus.position() } else { message.number.clone() };
            if let Some(number) = number {
                given(number);
            }
        };
        let event_type = message.body.kind();
        let started = self.clock.now();
        if !self.breaker.can_call(self.bus.reconnects(), started) {
            let state = self.breaker.state(started);
            if waits(message) {
                self.bus.postpone(message);
            }
            tell_number();
            skipping();
            self.observe.emit(Kind::BusPublishSkipped, || Event::BusPublishSkipped { event_type, state });
            return false;
        }
        let sending = self.bus.publish(message);
        tell_number();
        let sent = match self.bus.deadline() {
            None => sending.await,
            Some(limit) => tokio::select! {
                biased;
                sent = sending => sent,
                () = self.timers.sleep(limit) => Err(Failure::Message(format!(
                    "the event bus did not take the event within {} ms", limit.as_millis()))),
            },
        };
        self.observe.counters().publishing().record(self.clock.now().since(started));
        match sent {
            Ok(()) => {
                self.breaker.record_success();
                true
            }
            Err(error) => {
                let now = self.clock.now();
                let state = match error {
                    // Not the fault of the bus: the breaker must not hold back other messages for it.
                    Failure::Unreadable(_) => self.breaker.record_success(),
                    Failure::Thrown(_) | Failure::Message(_) => {
                        if waits(message) {
                            self.bus.failed(message);
                        }
                        self.breaker.record_failure(now)
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

/// Whether a message that cannot be sent now is sent later. A loaded value is not: by then its sender may have missed
/// an invalidation of it.
fn waits<V>(message: &Message<V>) -> bool {
    !message.body.is_of_load()
}
