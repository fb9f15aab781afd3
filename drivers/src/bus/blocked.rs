//! A broker that takes no events for now, over a session that goes on: RabbitMQ that is short of memory, or a stream
//! that is full. Publishers are told so at once, as while there is no session, and what waits is tried again after
//! pauses.

use std::{pin::Pin, time::Duration};

use tokio::time::{Sleep, sleep};
use tracing::{info, warn};

use super::{BusFault, Patience, Session, handle::BusState};
use crate::targets::BUS;

/// Why a session goes on though its broker did not answer in time; `None` if it is lost.
pub(super) fn late(session: &dyn Session) -> Option<BusFault> {
    session.blocked().or_else(|| session.late())
}

/// Whether the broker of a session takes events, and when to try again.
pub(super) struct Blocked<'a> {
    shared: &'a BusState,
    session: &'a dyn Session,
    patience: Patience,
    /// The next pause in milliseconds.
    pause_ms: f64,
    /// Until what waits is tried again; none while the broker takes events.
    pause: Option<Pin<Box<Sleep>>>,
}

impl<'a> Blocked<'a> {
    pub(super) fn new(shared: &'a BusState, session: &'a dyn Session, patience: Patience) -> Blocked<'a> {
        Blocked { shared, session, patience, pause_ms: patience.first_ms, pause: None }
    }

    /// Ends when events may be sent, or tried again.
    pub(super) async fn over(&mut self) {
        if let Some(pause) = &mut self.pause {
            pause.await;
        }
    }

    /// The broker takes no events. The next try follows a pause that is twice as long.
    pub(super) fn begin(&mut self, fault: &BusFault) {
        if self.pause.is_none() {
            warn!(target: BUS, %fault, waiting = self.shared.outbox.counts().0, "the broker takes no events for now");
        }
        self.shared.outbox.pause(fault, self.session.has_batch());
        self.pause = Some(Box::pin(sleep(Duration::from_secs_f64(self.pause_ms / 1000.0))));
        self.pause_ms = (self.pause_ms * 2.0).min(self.patience.longest_ms.max(self.patience.first_ms));
    }

    /// The broker takes events.
    pub(super) fn end(&mut self) {
        if self.pause.take().is_some() {
            info!(target: BUS, "the broker takes events again");
            self.pause_ms = self.patience.first_ms;
            self.shared.outbox.up();
        }
    }

    /// Asks the session whether its broker has said that it takes nothing, or no longer says so. Returns whether events
    /// leave: an instance whose events do not is to count as cut off, and sends no heartbeats.
    pub(super) fn look(&mut self) -> bool {
        match self.session.blocked() {
            Some(fault) if self.pause.is_none() => self.begin(&fault),
            None if self.shared.outbox.counts().0 == 0 => self.end(),
            _ => {}
        }
        self.pause.is_none()
    }
}
