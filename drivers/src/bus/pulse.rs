//! Heartbeats of this publisher: when they are due, and whether they come back.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use lazy_layers_engine::{
    bus::wire::{Heartbeat, Number, heartbeat},
    clock::{Clock, Time},
    observe::event::GapReason,
};
use tokio::time::{Sleep, sleep, timeout};

use super::{BusFault, Session, Transport, blocked, handle::BusState};

/// The shortest time between two heartbeats.
const TICK: Duration = Duration::from_secs(1);
/// For this long after an event, a heartbeat is sent with each tick: it tells that no later event exists.
const BUSY: Duration = Duration::from_secs(10);
/// How many heartbeats a second a receiver gets of all publishers together: the more publishers, the rarer the
/// heartbeats of each.
const HEARD_A_SECOND: usize = 25;
/// The longest time between two heartbeats.
const RAREST: Duration = Duration::from_secs(10);
/// How long sending a heartbeat may take.
const SEND_LIMIT: Duration = Duration::from_secs(2);
/// A session whose heartbeats have not come back within this time is broken.
const ECHO_LIMIT: Duration = Duration::from_secs(4);
/// The missed events have to arrive within this time.
const MARK_LIMIT: Duration = Duration::from_secs(4);
/// How long to wait for missed events when no mark can show their arrival.
const UNMARKED: Duration = Duration::from_millis(250);
/// A tick that comes this late was held up, and the heartbeat it looks for may be held up as well.
const HELD_UP: Duration = Duration::from_secs(2);

/// The session to which heartbeats and marks go.
#[derive(Clone, Copy)]
struct Way<'a> {
    shared: &'a BusState,
    session: &'a dyn Session,
    /// The shortest time between heartbeats while no events are sent, as the transport asks for it.
    least: Duration,
    /// Whether the session hears them.
    listens: bool,
}

/// The heartbeats of one session.
pub(super) struct Pulse<'a> {
    way: Way<'a>,
    clock: &'a Clock,
    ticked: Time,
    beaten: Time,
    /// The last event.
    event: Option<Time>,
    /// The heartbeat that has to come back, and the time it was sent.
    awaited: Option<(u64, Time)>,
}

impl<'a> Pulse<'a> {
    pub(super) fn new(
        shared: &'a BusState,
        session: &'a dyn Session,
        transport: &dyn Transport,
        clock: &'a Clock,
        listens: bool,
    ) -> Pulse<'a> {
        let now = clock.now();
        let way = Way { shared, session, least: transport.pulse(), listens };
        Pulse { way, clock, ticked: now, beaten: now, event: None, awaited: None }
    }

    /// Until the next tick.
    pub(super) fn rest() -> Sleep {
        sleep(TICK)
    }

    /// Events were sent.
    pub(super) fn sent(&mut self) {
        self.event = Some(self.clock.now());
    }

    /// Sends a heartbeat if one is due.
    pub(super) async fn tick(&mut self) -> Result<(), BusFault> {
        let now = self.clock.now();
        let is_held_up = now.since(std::mem::replace(&mut self.ticked, now)) > HELD_UP;
        self.look_for_echo(now, is_held_up)?;
        let is_busy = self.event.is_some_and(|event| now.since(event) < BUSY);
        // Ticks come a little late.
        let is_due = is_busy || now.since(self.beaten) + TICK / 2 >= self.way.interval();
        if !self.way.is_known() || !is_due {
            return Ok(());
        }
        let Some(beat) = self.way.beat().await? else { return Ok(()) };
        self.beaten = now;
        if self.awaited.is_none() && self.way.listens {
            self.awaited = Some((beat, now));
        }
        Ok(())
    }

    /// Sends a mark whenever one is needed, one at a time: a new blindness sends another one afterwards. Ends with the
    /// first that fails.
    pub(super) fn marks(&self) -> impl Future<Output = BusFault> + Send + use<'a> {
        let way = self.way;
        async move {
            loop {
                way.shared.receivers.sight.needs_mark().await;
                if let Err(fault) = way.mark().await {
                    return fault;
                }
            }
        }
    }

    /// Announces that no further heartbeat comes.
    pub(super) async fn goodbye(shared: &BusState, session: &dyn Session) {
        let is_known = shared.announced.load(Relaxed) || shared.outbox.last_sent() > 0;
        if is_known && session.blocked().is_none() {
            drop(session.goodbye(payload(shared, Some(Duration::ZERO)).1).await);
        }
    }

    fn look_for_echo(&mut self, now: Time, is_held_up: bool) -> Result<(), BusFault> {
        let Some((beat, since)) = self.awaited else { return Ok(()) };
        if self.way.shared.receivers.echoed() >= beat || !self.way.session.echoes() {
            self.awaited = None;
        } else if is_held_up {
            self.awaited = Some((beat, now));
        } else if now.since(since) >= ECHO_LIMIT {
            return Err(BusFault::down(format!(
                "the heartbeats of this instance have not come back for {} s",
                ECHO_LIMIT.as_secs()
            )));
        }
        Ok(())
    }
}

impl Way<'_> {
    /// Whether other instances know of this publisher, or shall.
    fn is_known(self) -> bool {
        self.shared.announced.load(Relaxed) || self.shared.outbox.last_sent() > 0
    }

    fn interval(self) -> Duration {
        let all = TICK.mul_f64(self.shared.receivers.publishers() as f64 / HEARD_A_SECOND as f64);
        all.clamp(self.least.max(TICK), RAREST.max(self.least))
    }

    /// Sends a heartbeat, and returns its number; `None` if the broker takes nothing for now.
    async fn beat(self) -> Result<Option<u64>, BusFault> {
        let (beat, payload) = payload(self.shared, Some(self.interval()));
        match timeout(SEND_LIMIT, self.session.heartbeat(payload)).await {
            Ok(sent) => sent.map(|()| Some(beat)),
            Err(_) if blocked::late(self.session).is_some() => Ok(None),
            Err(_) => {
                Err(BusFault::down(format!("no heartbeat could be sent within {} s", SEND_LIMIT.as_secs())))
            }
        }
    }

    /// Ends the blindness of receivers that may have missed events that the broker still has for them.
    async fn mark(self) -> Result<(), BusFault> {
        let receivers = &self.shared.receivers;
        let Some(blindness) = receivers.sight.blindness() else { return Ok(()) };
        let (beat, payload) = payload(self.shared, self.is_known().then(|| self.interval()));
        receivers.sight.awaits(beat);
        let comes_back = match timeout(MARK_LIMIT, self.marked(payload)).await {
            Ok(comes_back) => comes_back?,
            Err(_) if self.session.blocked().is_some() => false,
            // A new session would have no more, and could be as late.
            Err(_) if self.session.marks_wait() => {
                receivers.gap(GapReason::Resubscribed, 0);
                receivers.see_from(blindness);
                return Ok(());
            }
            Err(_) => return Err(BusFault::down("what was missed did not arrive in time")),
        };
        if !(comes_back && self.listens) {
            sleep(UNMARKED).await;
            receivers.see_from(blindness);
        }
        Ok(())
    }

    /// Sends a mark. Returns whether it comes back, which none does while the broker takes nothing.
    async fn marked(self, payload: Vec<u8>) -> Result<bool, BusFault> {
        if self.session.blocked().is_some() { Ok(false) } else { self.session.mark(payload).await }
    }
}

/// The next heartbeat, and its number.
fn payload(shared: &BusState, within: Option<Duration>) -> (u64, Vec<u8>) {
    let beat = shared.beats.fetch_add(1, Relaxed) + 1;
    let (publisher, sequence) = (shared.outbox.publisher().to_owned(), shared.outbox.last_sent());
    let within = within.map(|within| u64::try_from(within.as_millis()).unwrap_or(u64::MAX));
    (beat, heartbeat(&Heartbeat { number: Number { publisher, sequence }, within, beat }))
}
