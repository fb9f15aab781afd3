//! Keeps one session open for as long as the bus is used.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use futures_util::{FutureExt, future::join};
use lazy_layers_engine::{clock::Clock, observe::event::GapReason};
use tokio::{
    sync::{mpsc, watch},
    time::{sleep, timeout},
};
use tracing::{debug, info, trace, warn};

use super::{
    BusFault, BusFaultKind, Payload, Session, Transport,
    blocked::{self, Blocked},
    handle::{BusState, Status},
    pulse::Pulse,
    together::{self, Leaving},
    underway::Underway,
};
use crate::targets::BUS;

/// A session that lasted at least this long resets the pause before the next one.
const LASTING: Duration = Duration::from_secs(2);
/// The limit for sending a batch.
const SEND_LIMIT: Duration = Duration::from_secs(2);
/// The limit for ending a session, and for sending the queue before it.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// Notices to the task.
pub(super) enum Notice {
    /// There is a first receiver, or none any longer.
    Subscribed,
    /// The owner disconnects.
    Close,
}

pub(super) struct Runner {
    pub(super) transport: Arc<dyn Transport>,
    pub(super) shared: Arc<BusState>,
    pub(super) received: mpsc::UnboundedReceiver<Notice>,
    pub(super) status: watch::Sender<Status>,
    pub(super) clock: Clock,
}

/// Why a session ended.
enum End {
    Lost(BusFault),
    Close,
    /// The bus was dropped.
    Unused,
}

impl Runner {
    pub(super) async fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let end = tokio::select! {
            biased;
            end = self.keep_session() => end,
            () = shared.receivers.limit_blindness() => return,
        };
        // From here on nobody can find missed events, and those who listened miss what is sent until the next run.
        shared.receivers.see();
        shared.receivers.hear_nothing();
        if !shared.receivers.is_empty() {
            shared.missed.store(true, Relaxed);
        }
        if matches!(end, Some(End::Close)) {
            info!(target: BUS, transport = self.transport.name(), "disconnected by its owner");
            shared.outbox.down(&BusFault::closed());
            self.status.send_replace(Status::Closed);
        }
    }

    /// Keeps connecting. Returns the end of the use of the bus; `None` if it gives up.
    async fn keep_session(&mut self) -> Option<End> {
        let transport = Arc::clone(&self.transport);
        let patience = transport.patience();
        let (mut pause, mut failures) = (patience.first_ms, 0);
        loop {
            let connected = tokio::select! {
                biased;
                end = await_end(&mut self.received) => Err(end),
                connected = meanwhile(&self.shared, transport.connect(), false) => connected.map_err(End::Lost),
            };
            let since = self.clock.now();
            let end = match connected {
                Ok(session) => {
                    let mut underway = Underway::default();
                    let end =
                        AssertUnwindSafe(self.use_session(&*session, &mut underway)).catch_unwind().await;
                    // A new session is the way out of whatever a receiver or a client has left half done.
                    let panicked = |_| End::Lost(BusFault::down("an internal error has ended the session"));
                    let end = end.unwrap_or_else(panicked);
                    if let End::Lost(fault) = &end {
                        if let Some(fault) = self.shared.outbox.lost(fault) {
                            self.shared.owner.refused(&fault);
                        }
                        // Before the goodbye, which may take its time.
                        self.down(fault);
                    }
                    self.leave(&*session, &end, underway).await;
                    end
                }
                Err(end) => end,
            };
            let End::Lost(fault) = end else { return Some(end) };
            self.down(&fault);
            self.shared.missed.store(true, Relaxed);
            if self.clock.now().since(since) >= LASTING {
                (pause, failures) = (patience.first_ms, 0);
            }
            failures += 1;
            if patience.attempts.is_some_and(|most| failures > most) {
                warn!(target: BUS, transport = transport.name(), failures, "gives up to connect");
                return None;
            }
            let jittered = Duration::from_secs_f64(pause / 1000.0 * (0.5 + 0.5 * fastrand::f64()));
            pause = (pause * 2.0).min(patience.longest_ms.max(patience.first_ms));
            let in_ms = jittered.as_millis();
            debug!(target: BUS, transport = transport.name(), failures, in_ms, "will connect again");
            tokio::select! {
                biased;
                end = await_end(&mut self.received) => return Some(end),
                () = sleep(jittered) => {}
            }
        }
    }

    fn down(&self, fault: &BusFault) {
        let (transport, (waiting, _)) = (self.transport.name(), self.shared.outbox.counts());
        let trimmed = self.shared.outbox.down(fault);
        self.shared.owner.dropped(trimmed);
        self.shared.away.lock().begin();
        let was_down = matches!(&*self.status.borrow(), Status::Down(_));
        self.status.send_replace(Status::Down(fault.clone()));
        if was_down {
            debug!(target: BUS, transport, %fault, waiting, "still down");
        } else {
            warn!(target: BUS, transport, %fault, waiting, dropped = trimmed, "down");
            self.shared.owner.status(Some(fault));
            self.shared.receivers.status(self.transport.name(), Some(fault));
        }
    }

    /// Uses the session until it is lost or the bus is closed.
    async fn use_session(&mut self, session: &dyn Session, underway: &mut Underway) -> End {
        let mut is_up = false;
        loop {
            let wants = !self.shared.receivers.is_empty();
            let deliveries = if wants {
                match meanwhile(&self.shared, session.subscribe(), is_up).await {
                    Ok(subscription) => {
                        let missed = self.shared.missed.swap(false, Relaxed);
                        if missed && !subscription.continues {
                            self.shared.receivers.gap(GapReason::Resubscribed, 0);
                        }
                        self.shared.receivers.listens();
                        Some(subscription.deliveries)
                    }
                    Err(fault) => return End::Lost(fault),
                }
            } else {
                None
            };
            *self.shared.place.lock() = session.place();
            if !is_up {
                self.shared.away.lock().end();
                self.shared.connects.send_modify(|connects| *connects += 1);
            }
            self.shared.outbox.up();
            // Before the notifications, so that a caller who then asks finds the same status.
            self.status.send_replace(Status::Up { subscribed: wants });
            if !is_up {
                is_up = true;
                let (transport, place) = (self.transport.name(), self.shared.place.lock().clone());
                let waiting = self.shared.outbox.counts().0;
                info!(target: BUS, transport, place, subscribed = wants, waiting, "up");
                self.shared.owner.status(None);
                self.shared.receivers.status(self.transport.name(), None);
            }
            if wants {
                self.shared.receivers.sight.look_again();
            }
            let shared = Arc::clone(&self.shared);
            let receiving = async {
                match deliveries {
                    Some(deliveries) => {
                        shared.receivers.take(self.transport.name(), deliveries, underway).await
                    }
                    None => std::future::pending().await,
                }
            };
            tokio::pin!(receiving);
            let pulse = Pulse::new(&self.shared, session, &*self.transport, &self.clock, wants);
            let blocked = Blocked::new(&self.shared, session, self.transport.patience());
            let sending = send(&self.shared, session, pulse, blocked);
            tokio::pin!(sending);
            let lost = session.lost();
            tokio::pin!(lost);
            loop {
                let notice = tokio::select! {
                    biased;
                    notice = self.received.recv() => notice,
                    fault = &mut sending => return End::Lost(fault),
                    fault = &mut lost => return End::Lost(fault),
                    fault = &mut receiving => return End::Lost(fault),
                };
                match notice {
                    None => return End::Unused,
                    Some(Notice::Close) => return End::Close,
                    // It stays subscribed: events without a listener are dropped.
                    Some(Notice::Subscribed) if !wants && !self.shared.receivers.is_empty() => {
                        debug!(target: BUS, transport = self.transport.name(), "somebody listens from here on");
                        break;
                    }
                    Some(Notice::Subscribed) => {}
                }
            }
        }
    }

    /// When the bus is disconnected, sends the queue and acknowledges the events that are still being handled, which
    /// the broker would deliver again. Then ends the session.
    async fn leave(&self, session: &dyn Session, end: &End, mut underway: Underway) {
        if !matches!(end, End::Lost(_)) {
            let rest = async {
                while self.shared.outbox.counts().0 > 0 {
                    let batch = self.shared.next_batch().await;
                    if send_batch(&self.shared, session, batch).await.is_err() {
                        return;
                    }
                }
            };
            let rest = async {
                rest.await;
                Pulse::goodbye(&self.shared, session).await;
            };
            drop(timeout(CLOSE_LIMIT, join(rest, underway.settled())).await);
        }
        drop(timeout(CLOSE_LIMIT, session.close()).await);
    }
}

/// Awaits an opening before which nothing is sent. A caller that publishes meanwhile waits as long as for a batch at
/// most, and then hears that its event is queued. A session that goes on may have events of a batch: they stay.
async fn meanwhile<T>(shared: &BusState, opening: impl Future<Output = T>, goes_on: bool) -> T {
    tokio::pin!(opening);
    if let Ok(opened) = timeout(SEND_LIMIT, &mut opening).await {
        return opened;
    }
    let fault = BusFault::down("the event bus is still connecting");
    if goes_on {
        shared.outbox.pause(&fault, true);
    } else {
        shared.owner.dropped(shared.outbox.down(&fault));
    }
    opening.await
}

/// Sends events, heartbeats and marks until one fails. A mark waits for the events that the broker has for this
/// instance; nothing else waits for a mark. While the broker takes no events, nothing fails.
async fn send(
    shared: &BusState,
    session: &dyn Session,
    mut pulse: Pulse<'_>,
    mut blocked: Blocked<'_>,
) -> BusFault {
    let marks = pulse.marks();
    let others = async {
        let mut rest = Box::pin(Pulse::rest());
        loop {
            let next = async {
                blocked.over().await;
                shared.next_batch().await
            };
            tokio::select! {
                biased;
                () = &mut rest => {
                    if blocked.look() && let Err(fault) = pulse.tick().await {
                        return fault;
                    }
                    rest.set(Pulse::rest());
                }
                batch = next => match send_batch(shared, session, batch).await {
                    Ok(()) => {
                        blocked.end();
                        pulse.sent();
                    }
                    Err(fault) if fault.kind == BusFaultKind::Blocked => blocked.begin(&fault),
                    Err(fault) => return fault,
                },
            }
        }
    };
    // Side by side: a mark goes on while something else is being sent, which may need what the mark has.
    tokio::select! {
        biased;
        fault = others => fault,
        fault = marks => fault,
    }
}

/// Sends events. A batch that is cancelled halfway is sent again.
async fn send_batch(shared: &BusState, session: &dyn Session, batch: Vec<Leaving>) -> Result<(), BusFault> {
    if let Some(fault) = session.blocked() {
        return Err(fault);
    }
    let payloads = together::payloads(shared.outbox.publisher(), &batch).await;
    // Of each payload that of its last event.
    let (numbers, payloads): (Vec<u64>, Vec<Payload>) = payloads.into_iter().unzip();
    match timeout(SEND_LIMIT, session.publish(payloads)).await {
        Ok(Ok(sent)) => {
            trace!(target: BUS, events = batch.len(), payloads = numbers.len(), sent, "sent");
            shared.sent(&numbers, sent);
            Ok(())
        }
        Ok(Err(interrupted)) => {
            shared.sent(&numbers, interrupted.sent);
            let fault = &interrupted.fault;
            debug!(target: BUS, %fault, payloads = numbers.len(), sent = interrupted.sent, "sending was interrupted");
            if interrupted.fault.kind != BusFaultKind::Refused {
                return Err(interrupted.fault);
            }
            let last = interrupted.sent.checked_sub(1).and_then(|at| numbers.get(at));
            let rest = batch.iter().map(|event| event.sequence).filter(|number| Some(number) > last);
            if shared.outbox.refused(&rest.collect::<Vec<_>>(), &interrupted.fault) {
                shared.owner.refused(&interrupted.fault);
            }
            Ok(())
        }
        Err(_) => Err(blocked::late(session).unwrap_or_else(too_slow)),
    }
}

fn too_slow() -> BusFault {
    BusFault::down(format!("the broker did not take an event within {} s", SEND_LIMIT.as_secs()))
}

/// Waits until the bus is closed or dropped.
async fn await_end(received: &mut mpsc::UnboundedReceiver<Notice>) -> End {
    loop {
        match received.recv().await {
            None => return End::Unused,
            Some(Notice::Close) => return End::Close,
            Some(Notice::Subscribed) => {}
        }
    }
}
