//! The health of a bus.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use tokio::time::timeout;

use super::{BusFault, EventBus, handle::Status};

/// The health of a bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusHealth {
    /// Why it is not connected, or why the broker takes no events for now.
    pub fault: Option<BusFault>,
    /// Whether it is connected.
    pub connected: bool,
    /// Whether it receives.
    pub subscribed: bool,
    /// Events that wait to be sent.
    pub queued: usize,
    /// Events that were dropped, because the queue was full or the broker did not take them.
    pub dropped: u64,
    /// Events that arrived and could not be read.
    pub garbage: u64,
    /// Whether heartbeats are sent and heard: the user may have no right to them.
    pub heartbeats: bool,
    /// How often a session was opened.
    pub connects: u64,
    /// Where events come from: the queue of this instance, or the server, on transports that can tell.
    pub place: Option<String>,
}

impl EventBus {
    /// The health of the bus. While it connects, waits for the outcome within `limit`. Connects if it does not
    /// yet.
    pub fn health(&self, limit: Duration) -> impl Future<Output = BusHealth> + Send + use<> {
        *self.closed.lock() = false;
        let mut status = self.start(true);
        let (shared, transport) = (Arc::clone(&self.shared), Arc::clone(&self.transport));
        // On the runtime: the limit is a timer, and the caller may have none.
        let settled = self.runtime.spawn(async move {
            let settled = status.wait_for(|status| !matches!(status, Status::Connecting));
            let settled = timeout(limit, settled).await;
            settled
                .map_or(Status::Connecting, |settled| settled.map_or(Status::Closed, |status| status.clone()))
        });
        async move {
            let status = settled.await.unwrap_or(Status::Closed);
            let (queued, dropped) = shared.outbox.counts();
            BusHealth {
                subscribed: matches!(status, Status::Up { subscribed: true }),
                connected: matches!(status, Status::Up { .. }),
                fault: match status {
                    Status::Up { .. } => shared.outbox.fault(),
                    Status::Down(fault) => Some(fault),
                    Status::Connecting => Some(BusFault::down("still connecting")),
                    Status::Closed => Some(BusFault::down("the event bus is not connected")),
                },
                queued,
                dropped,
                garbage: shared.receivers.garbage.load(Relaxed),
                heartbeats: transport.has_heartbeats(),
                connects: *shared.connects.borrow(),
                place: shared.place.lock().clone(),
            }
        }
    }
}
