//! What arrives, to those who listen.

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
        sequences::Sequences,
        wire::{Decoded, Number, decode, decode_heartbeat},
    },
    codec::Corrupt,
    observe::event::GapReason,
    value::BoxFuture,
};
use parking_lot::RwLock;

use super::{Acknowledge, BusFault, Delivery, SubscriptionId};

/// While so many events are being handled no more are taken from the broker.
const MOST_HANDLED: usize = 10_000;

/// Listens to a bus. Called on the runtime: takes little time and does not wait.
pub trait Receive: Send + Sync + 'static {
    /// An event.
    fn receive(&self, received: &Arc<Received>) -> Handling;
    /// Events may have been missed, so many if that is known.
    fn gap(&self, reason: GapReason, missed: u64);
    /// The bus is up, or down for that reason.
    fn status(&self, transport: &'static str, down: Option<&BusFault>);
}

/// What a receiver does with an event.
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
    /// What they say.
    pub decoded: Result<Decoded, Corrupt>,
    /// Whether the broker wants to know what came of it, and sends it again if it was not handled.
    pub is_acknowledged: bool,
}

/// The receivers of one bus, and the numbers that they have seen.
#[derive(Default)]
pub(super) struct Receivers {
    list: RwLock<Vec<(SubscriptionId, Arc<dyn Receive>)>>,
    next: AtomicU64,
    sequences: Sequences,
    /// Events that could not be read.
    pub(super) garbage: AtomicU64,
}

impl Receivers {
    pub(super) fn add(&self, receiver: Arc<dyn Receive>) -> SubscriptionId {
        let id = SubscriptionId(self.next.fetch_add(1, Relaxed));
        self.list.write().push((id, receiver));
        id
    }

    pub(super) fn remove(&self, id: SubscriptionId) {
        self.list.write().retain(|(other, _)| *other != id);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.read().is_empty()
    }

    pub(super) fn gap(&self, reason: GapReason, missed: u64) {
        self.each(|receiver| receiver.gap(reason, missed));
    }

    pub(super) fn status(&self, transport: &'static str, down: Option<&BusFault>) {
        self.each(|receiver| receiver.status(transport, down));
    }

    fn each(&self, act: impl Fn(&dyn Receive)) {
        for (_, receiver) in &*self.list.read() {
            act(&**receiver);
        }
    }

    /// Hands on what is delivered until that ends.
    pub(super) async fn take(
        &self,
        mut deliveries: BoxStream<'static, Result<Delivery, BusFault>>,
    ) -> BusFault {
        let mut handled = FuturesUnordered::new();
        loop {
            tokio::select! {
                biased;
                Some(()) = handled.next() => {}
                delivery = deliveries.next(), if handled.len() < MOST_HANDLED => match delivery {
                    Some(Ok(Delivery::Event(payload, acknowledge))) => {
                        handled.extend(self.event(payload, acknowledge).await);
                    }
                    Some(Ok(Delivery::Heartbeat(payload, acknowledge))) => {
                        self.heartbeat(&payload);
                        if let Some(acknowledge) = acknowledge {
                            acknowledge(true).await;
                        }
                    }
                    Some(Err(fault)) => return fault,
                    None => return BusFault::down("the subscription of the event bus ended"),
                },
            }
        }
    }

    async fn event(
        &self,
        payload: Vec<u8>,
        acknowledge: Option<Acknowledge>,
    ) -> Option<BoxFuture<'static, ()>> {
        let decoded = decode(&payload);
        let number = match &decoded {
            Ok(Decoded::Event { number, .. } | Decoded::Other { number }) => number.as_ref(),
            Err(_) => {
                self.garbage.fetch_add(1, Relaxed);
                None
            }
        };
        self.follow(number.map(|number| self.sequences.event(number)));
        let received = Arc::new(Received { payload, decoded, is_acknowledged: acknowledge.is_some() });
        let mut later = Vec::new();
        self.list.read().iter().for_each(|(_, receiver)| {
            if let Handling::Later(handling) = receiver.receive(&received) {
                later.push(handling);
            }
        });
        let acknowledge = acknowledge?;
        if later.is_empty() {
            // In order, and with no more than one under way.
            acknowledge(true).await;
            return None;
        }
        Some(Box::pin(async move {
            let all = join_all(later).await;
            acknowledge(all.into_iter().all(|handled| handled)).await;
        }))
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
