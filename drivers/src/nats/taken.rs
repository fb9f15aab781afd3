//! Events of a stream that a session has taken from the server and not acknowledged yet.
//!
//! The server takes an event for lost that is not acknowledged in time, and delivers it again, as often as `maxDeliver`
//! says. So it is told which ones are still being handled. One that comes again all the same is not handed on: the
//! server takes either delivery's acknowledgement.

use std::{
    collections::{HashMap, hash_map::Entry},
    convert::Infallible,
    future::pending,
    sync::Arc,
    time::Duration,
};

use async_nats::jetstream::{AckKind, Message, consumer::Info, message::Acker};
use lazy_layers_engine::value::BoxFuture;
use parking_lot::Mutex;
use tokio::time::sleep;

use crate::bus::Delivery;

/// The time before an event that could not be handled is delivered again.
const AGAIN: Duration = Duration::from_secs(1);
/// The shortest time between two reports of what is being handled.
const OFTEN: Duration = Duration::from_millis(50);

#[derive(Default)]
struct State {
    /// By their places in the stream.
    events: HashMap<u64, Arc<Acker>>,
    /// The last place that this session has, or an earlier one had.
    last: u64,
    /// How long the server waits for an acknowledgement; zero while there is no subscription.
    ack_wait: Duration,
}

/// The events of one session.
#[derive(Default)]
pub(super) struct Taken(Mutex<State>);

impl Taken {
    /// The consumer hands out events from now on.
    pub(super) fn begin(&self, consumer: &Info) {
        let mut state = self.0.lock();
        state.last = consumer.delivered.stream_sequence;
        state.ack_wait = consumer.config.ack_wait;
    }

    /// Takes an event, unless it is being handled already.
    pub(super) fn take(self: &Arc<Self>, message: Message) -> Option<Delivery> {
        // If that is not known, it may have been delivered before.
        let info = message.info().map(|info| (info.stream_sequence, info.delivered > 1));
        let (place, is_again) = info.map_or((None, true), |(place, is_again)| (Some(place), is_again));
        let (message, acker) = message.split();
        let acker = Arc::new(acker);
        if let Some(place) = place {
            let mut state = self.0.lock();
            state.last = state.last.max(place);
            match state.events.entry(place) {
                Entry::Occupied(_) => return None,
                Entry::Vacant(vacant) => drop(vacant.insert(Arc::clone(&acker))),
            }
        }
        let taken = Arc::clone(self);
        let acknowledge = move |handled: bool| -> BoxFuture<'static, ()> {
            Box::pin(async move {
                let kind = if handled { AckKind::Ack } else { AckKind::Nak(Some(AGAIN)) };
                // Without a connection the server delivers it again.
                drop(acker.ack_with(kind).await);
                if let Some(place) = place {
                    taken.0.lock().events.remove(&place);
                }
            })
        };
        let payload = message.payload.to_vec();
        Some(if is_again {
            Delivery::Again(payload, Box::new(acknowledge))
        } else {
            Delivery::Event(payload, Some(Box::new(acknowledge)))
        })
    }

    /// Whether all events that the consumer has handed out have arrived.
    pub(super) fn has_all_of(&self, consumer: &Info) -> bool {
        self.reaches(consumer.delivered.stream_sequence)
    }

    /// Whether all events up to a place in the stream have arrived.
    pub(super) fn reaches(&self, place: u64) -> bool {
        self.0.lock().last >= place
    }

    /// Tells the server, again and again, which events are being handled.
    pub(super) async fn keep(&self) -> Infallible {
        loop {
            let ack_wait = self.0.lock().ack_wait;
            if ack_wait.is_zero() {
                return pending().await;
            }
            sleep((ack_wait / 2).max(OFTEN)).await;
            let places: Vec<u64> = self.0.lock().events.keys().copied().collect();
            for place in places {
                let acker = self.0.lock().events.get(&place).cloned();
                if let Some(acker) = acker {
                    drop(acker.ack_with(AckKind::Progress).await);
                }
            }
        }
    }
}
