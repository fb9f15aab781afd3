//! Deliveries on their way to the receivers.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use futures_util::{
    StreamExt,
    future::join_all,
    stream::{BoxStream, FuturesUnordered},
};
use lazy_layers_engine::{
    bus::{
        Body,
        sequences::Sequences,
        wire::{Decoded, Number, decode, decode_heartbeat},
    },
    codec::Corrupt,
    entry::key::Key,
    observe::event::GapReason,
    value::BoxFuture,
};
use parking_lot::RwLock;

use super::{Acknowledge, BusFault, Delivery, SubscriptionId};

/// The most events that are handled at a time, and the most bytes that they take (32 MiB). Beyond either none is taken
/// from the broker.
const MOST_HANDLED: usize = 10_000;
const MOST_BYTES_HANDLED: usize = 32 << 20;

/// Listens to a bus. Called on the runtime: takes little time and does not wait.
pub trait Receive: Send + Sync + 'static {
    /// An event.
    fn receive(&self, received: &Arc<Received>) -> Handling;
    /// Events may have been missed; their number if it is known.
    fn gap(&self, reason: GapReason, missed: u64);
    /// Events arrive from now on.
    fn listens(&self) {}
    /// The bus is up, or down for that reason.
    fn status(&self, transport: &'static str, down: Option<&BusFault>);
}

/// How a receiver handles an event.
pub enum Handling {
    /// It is done.
    Done,
    /// It will be done when this ends: true when that went well, so that the event need not come again.
    Later(BoxFuture<'static, bool>),
}

/// An event as it arrived.
pub struct Received {
    /// The bytes.
    pub payload: Vec<u8>,
    /// The event that they encode.
    pub decoded: Result<Decoded, Corrupt>,
    /// Whether the broker waits for the outcome, and sends the event again if it was not handled.
    pub is_acknowledged: bool,
    /// Whether it was delivered before: others that came after it may have been handled since.
    pub is_redelivered: bool,
}

impl Received {
    /// How many bytes of memory it takes, roughly.
    #[must_use]
    pub fn bytes(&self) -> usize {
        const EACH: usize = 256;
        let decoded = match &self.decoded {
            Ok(Decoded::Event { message, .. }) => match &message.body {
                Body::Set { keys, value, .. } => value.bytes().len() + bytes_of(keys),
                Body::Delete(keys) => bytes_of(keys),
                Body::Pattern(pattern) => pattern.as_bytes().len(),
            },
            Ok(Decoded::Other { .. }) | Err(_) => 0,
        };
        EACH + self.payload.len() + decoded
    }
}

fn bytes_of(keys: &[Key]) -> usize {
    keys.iter().map(|key| size_of::<Key>() + key.as_bytes().len()).sum()
}

/// The receivers, and the last status of the bus that they got.
#[derive(Default)]
struct Listeners {
    list: Vec<(SubscriptionId, Arc<dyn Receive>)>,
    /// Why it is down.
    down: Option<BusFault>,
}

/// Events of a session that were handed on and are not acknowledged yet.
#[derive(Default)]
pub(super) struct Underway {
    /// Of those that are handled at once: in order, no more than one at a time.
    acknowledging: Option<BoxFuture<'static, ()>>,
    /// Those that are handled elsewhere, each with its size.
    handled: FuturesUnordered<BoxFuture<'static, usize>>,
    bytes: usize,
}

impl Underway {
    fn has_room(&self) -> bool {
        self.handled.len() < MOST_HANDLED && self.bytes < MOST_BYTES_HANDLED
    }

    async fn acknowledged(&mut self) {
        if let Some(acknowledging) = &mut self.acknowledging {
            acknowledging.await;
        }
        self.acknowledging = None;
    }

    /// Ends once the broker was told of all.
    pub(super) async fn settled(&mut self) {
        self.acknowledged().await;
        while self.handled.next().await.is_some() {}
    }
}

/// The receivers of one bus, and the numbers that they have seen.
#[derive(Default)]
pub(super) struct Receivers {
    listeners: RwLock<Listeners>,
    next: AtomicU64,
    sequences: Sequences,
    /// Events that could not be read.
    pub(super) garbage: AtomicU64,
}

impl Receivers {
    /// Adds a receiver, and tells it if the bus is down.
    pub(super) fn add(&self, transport: &'static str, receiver: Arc<dyn Receive>) -> SubscriptionId {
        let id = SubscriptionId(self.next.fetch_add(1, Relaxed));
        let mut listeners = self.listeners.write();
        if let Some(fault) = &listeners.down {
            receiver.status(transport, Some(fault));
        }
        listeners.list.push((id, receiver));
        id
    }

    pub(super) fn remove(&self, id: SubscriptionId) {
        let mut removed = Vec::new();
        let mut listeners = self.listeners.write();
        removed.extend(listeners.list.extract_if(.., |(other, _)| *other == id));
        drop(listeners);
        // Not under the lock: dropping a receiver runs unknown code.
        drop(removed);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.listeners.read().list.is_empty()
    }

    pub(super) fn listens(&self) {
        self.each(Receive::listens);
    }

    pub(super) fn gap(&self, reason: GapReason, missed: u64) {
        self.each(|receiver| receiver.gap(reason, missed));
    }

    /// Tells all receivers. Under the lock: one that is added meanwhile is told either by this or by
    /// [`Receivers::add`], and never the older of two.
    pub(super) fn status(&self, transport: &'static str, down: Option<&BusFault>) {
        let mut listeners = self.listeners.write();
        listeners.down = down.cloned();
        for (_, receiver) in &listeners.list {
            receiver.status(transport, down);
        }
    }

    fn each(&self, act: impl Fn(&dyn Receive)) {
        for (_, receiver) in &self.listeners.read().list {
            act(&**receiver);
        }
    }

    /// Hands on deliveries until they end.
    pub(super) async fn take(
        &self,
        mut deliveries: BoxStream<'static, Result<Delivery, BusFault>>,
        underway: &mut Underway,
    ) -> BusFault {
        loop {
            underway.acknowledged().await;
            let has_room = underway.has_room();
            tokio::select! {
                biased;
                Some(bytes) = underway.handled.next() => underway.bytes -= bytes,
                delivery = deliveries.next(), if has_room => match delivery {
                    Some(Ok(Delivery::Event(payload, acknowledge))) => {
                        self.event(payload, acknowledge, false, underway);
                    }
                    Some(Ok(Delivery::Again(payload, acknowledge))) => {
                        self.event(payload, Some(acknowledge), true, underway);
                    }
                    Some(Ok(Delivery::Heartbeat(payload, acknowledge))) => {
                        self.heartbeat(&payload);
                        underway.acknowledging = acknowledge.map(|acknowledge| acknowledge(true));
                    }
                    Some(Err(fault)) => return fault,
                    None => return BusFault::down("the subscription of the event bus ended"),
                },
            }
        }
    }

    fn event(
        &self,
        payload: Vec<u8>,
        acknowledge: Option<Acknowledge>,
        is_redelivered: bool,
        underway: &mut Underway,
    ) {
        let decoded = decode(&payload);
        let number = match &decoded {
            Ok(Decoded::Event { number, .. } | Decoded::Other { number }) => number.as_ref(),
            Err(_) => {
                self.garbage.fetch_add(1, Relaxed);
                None
            }
        };
        self.follow(number.map(|number| self.sequences.event(number)));
        let is_acknowledged = acknowledge.is_some();
        let received = Arc::new(Received { payload, decoded, is_acknowledged, is_redelivered });
        let mut later = Vec::new();
        self.listeners.read().list.iter().for_each(|(_, receiver)| {
            if let Handling::Later(handling) = receiver.receive(&received) {
                later.push(handling);
            }
        });
        let Some(acknowledge) = acknowledge else { return };
        if later.is_empty() {
            underway.acknowledging = Some(acknowledge(true));
            return;
        }
        let bytes = received.bytes();
        underway.bytes += bytes;
        underway.handled.push(Box::pin(async move {
            let all = join_all(later).await;
            acknowledge(all.into_iter().all(|handled| handled)).await;
            bytes
        }));
    }

    fn heartbeat(&self, payload: &[u8]) {
        let number: Option<Number> = decode_heartbeat(payload).ok();
        self.follow(number.map(|number| self.sequences.heartbeat(&number)));
    }

    fn follow(&self, missed: Option<u64>) {
        if let Some(missed) = missed.filter(|missed| *missed > 0) {
            self.gap(GapReason::Sequence, missed);
        }
    }
}
