//! Deliveries on their way to the receivers.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use futures_util::{StreamExt, future::join_all, stream::BoxStream};
use lazy_layers_engine::{
    bus::{
        Body,
        sequences::Sequences,
        wire::{Decoded, apart, decode, decode_heartbeat},
    },
    clock::Clock,
    codec::Corrupt,
    entry::key::Key,
    observe::event::GapReason,
    value::BoxFuture,
};
use parking_lot::RwLock;
use tokio::time::{Duration, MissedTickBehavior, interval};

use super::{
    Acknowledge, BusFault, Delivery, SubscriptionId,
    freeze::{self, Listening},
    older::Older,
    presence::Presence,
    sight::Sight,
    underway::Underway,
};

/// In a storm of events, the runtime reports that it is alive after this many.
const MOST_IN_A_ROW: u32 = 256;
/// A look that comes this much later was held up: the events of other publishers may have waited as long.
const HELD_UP: Duration = Duration::from_millis(1500);

/// Listens to a bus. Called on the runtime: takes little time and does not wait.
pub trait Receive: Send + Sync + 'static {
    /// An event.
    fn receive(&self, received: &Arc<Received>) -> Handling;
    /// Events may have been missed; their number if it is known.
    fn gap(&self, reason: GapReason, missed: u64);
    /// Events arrive from now on.
    fn listens(&self) {}
    /// The bus is up, or down for that reason.
    fn status(&self, transport: &str, down: Option<&BusFault>);
    /// Whether missed events have yet to arrive: then nothing is served from memory unasked. Called on any
    /// thread; does not wait.
    fn blind(&self, is_blind: bool) {
        let _ = is_blind;
    }
}

/// How a receiver handles an event.
pub enum Handling {
    /// It is done.
    Done,
    /// It is done when this future ends. The future returns true if the event need not come again.
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
    /// Whether it was delivered before: later events may have been handled since.
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
                Body::Delete(keys) | Body::Extend { keys, .. } => bytes_of(keys),
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
    /// Whether messages arrive.
    hears: bool,
    /// Why there is no session.
    down: Option<BusFault>,
    /// Why events may fail to arrive although there is a session.
    silent: Option<BusFault>,
}

impl Listeners {
    fn fault(&self) -> Option<&BusFault> {
        self.down.as_ref().or(self.silent.as_ref())
    }

    fn tell(&self, transport: &str) {
        for (_, receiver) in &self.list {
            receiver.status(transport, self.fault());
        }
    }
}

/// The receivers of one bus, and the numbers that they have seen.
pub(super) struct Receivers {
    listeners: RwLock<Listeners>,
    next: AtomicU64,
    sequences: Sequences,
    presence: Presence,
    clock: Clock,
    /// The publisher of this bus, and its last heartbeat that has come back.
    own: String,
    echoed: AtomicU64,
    /// Whether the receivers may serve values from memory. Locked before the listeners.
    pub(super) sight: Sight,
    /// Events that could not be read.
    pub(super) garbage: AtomicU64,
    pub(super) older: Older,
}

impl Receivers {
    pub(super) fn new(own: String) -> Receivers {
        let clock = Clock::new();
        Receivers {
            listeners: RwLock::default(),
            next: AtomicU64::new(0),
            sequences: Sequences::default(),
            presence: Presence::default(),
            sight: Sight::new(clock.clone()),
            older: Older::new(clock.clone()),
            clock,
            own,
            echoed: AtomicU64::new(0),
            garbage: AtomicU64::new(0),
        }
    }

    /// Adds a receiver, and tells it whether messages arrive, if the bus is down, and if the other receivers are blind.
    pub(super) fn add(&self, transport: &str, receiver: Arc<dyn Receive>) -> SubscriptionId {
        let id = SubscriptionId(self.next.fetch_add(1, Relaxed));
        let (_sight, is_blind) = self.sight.hold();
        let mut listeners = self.listeners.write();
        if let Some(fault) = listeners.fault() {
            receiver.status(transport, Some(fault));
        }
        if listeners.hears {
            receiver.listens();
        }
        if is_blind {
            receiver.blind(true);
        }
        listeners.list.push((id, receiver));
        id
    }

    pub(super) fn remove(&self, id: SubscriptionId) {
        let mut removed = Vec::new();
        let (sight, is_blind) = self.sight.hold();
        removed.extend(self.listeners.write().list.extract_if(.., |(other, _)| *other == id));
        // The receiver may stay in use, and nothing else ends its blindness.
        removed.iter().filter(|_| is_blind).for_each(|(_, receiver)| receiver.blind(false));
        drop(sight);
        // Not under the lock: dropping a receiver runs unknown code.
        drop(removed);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.listeners.read().list.is_empty()
    }

    /// Messages arrive from here on. Under the lock, as [`Receivers::status`].
    pub(super) fn listens(&self) {
        let mut listeners = self.listeners.write();
        listeners.hears = true;
        listeners.list.iter().for_each(|(_, receiver)| receiver.listens());
    }

    /// No messages arrive from here on, by the will of the owner or for good.
    pub(super) fn hear_nothing(&self) {
        self.listeners.write().hears = false;
    }

    pub(super) fn gap(&self, reason: GapReason, missed: u64) {
        self.each(|receiver| receiver.gap(reason, missed));
    }

    /// Tells all receivers. Under the lock: one that is added meanwhile is told either by this or by
    /// [`Receivers::add`], and never the older of two.
    pub(super) fn status(&self, transport: &str, down: Option<&BusFault>) {
        let mut listeners = self.listeners.write();
        listeners.down = down.cloned();
        listeners.hears &= down.is_none();
        // A silent publisher gets time to be heard by a new session.
        let was_silent = listeners.silent.take().is_some();
        if !(was_silent && down.is_some()) {
            listeners.tell(transport);
        }
    }

    /// Looks for publishers that have fallen silent, are heard again, or have been silent for too long.
    fn look(&self, transport: &str) {
        let silence = self.presence.look(self.clock.now());
        let mut listeners = self.listeners.write();
        let fault = silence.silent.map(|(publisher, time)| {
            let seconds = time.as_secs_f64();
            BusFault::down(format!("nothing was heard of the publisher {publisher} for {seconds:.1} s"))
        });
        let was_silent = listeners.silent.is_some();
        let is_news = was_silent != fault.is_some();
        listeners.silent = fault;
        if is_news && listeners.down.is_none() {
            listeners.tell(transport);
        }
        drop(listeners);
        if silence.given_up > 0 {
            self.gap(GapReason::Silence, 0);
        }
    }

    /// Makes receivers blind: they serve nothing from memory unasked until all missed events have arrived.
    pub(super) fn blind(&self) {
        self.sight.lose(|| self.each(|receiver| receiver.blind(true)));
    }

    /// Ends blindness: nothing is missing any more, or the missing events are known.
    pub(super) fn see(&self) {
        self.sight.regain(|| self.tell_sight());
    }

    /// The same, once the repair after one blindness has ended.
    pub(super) fn see_from(&self, blindness: u64) {
        self.sight.regain_from(blindness, || self.tell_sight());
    }

    /// Ends blindness in time where no events arrive. Runs for ever.
    pub(super) async fn limit_blindness(&self) {
        self.sight.keep_limit(|| self.tell_sight()).await;
    }

    fn tell_sight(&self) {
        self.each(|receiver| receiver.blind(false));
    }

    /// How many other publishers there are.
    pub(super) fn publishers(&self) -> usize {
        self.presence.count()
    }

    /// The last heartbeat of this publisher that has come back.
    pub(super) fn echoed(&self) -> u64 {
        self.echoed.load(Relaxed)
    }

    fn each(&self, act: impl Fn(&dyn Receive)) {
        for (_, receiver) in &self.listeners.read().list {
            act(&**receiver);
        }
    }

    /// Hands on deliveries until they end.
    pub(super) async fn take(
        &self,
        transport: &str,
        mut deliveries: BoxStream<'static, Result<Delivery, BusFault>>,
        underway: &mut Underway,
    ) -> BusFault {
        self.presence.restart(self.clock.now());
        let listening = Listening::new(&self.sight.listens);
        let mut handed = 0u32;
        let mut looks = interval(freeze::ALIVE);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut looked = self.clock.now();
        loop {
            let has_room = underway.has_room();
            tokio::select! {
                biased;
                () = underway.acknowledged() => {}
                delivery = deliveries.next(), if has_room => match delivery {
                    Some(Ok(Delivery::Event(payload, acknowledge))) => {
                        self.events(payload, acknowledge, false, underway);
                        handed = handed.wrapping_add(1);
                        if handed.is_multiple_of(MOST_IN_A_ROW) {
                            listening.is_alive();
                        }
                    }
                    Some(Ok(Delivery::Again(payload, acknowledge))) => {
                        self.events(payload, Some(acknowledge), true, underway);
                    }
                    Some(Ok(Delivery::Heartbeat(payload, acknowledge))) => {
                        self.heartbeat(&payload, true);
                        if let Some(acknowledge) = acknowledge {
                            underway.acknowledge(acknowledge(true));
                        }
                    }
                    Some(Ok(Delivery::SignOfLife(payload))) => self.heartbeat(&payload, false),
                    Some(Err(fault)) => return fault,
                    None => return BusFault::down("the subscription of the event bus ended"),
                },
                _ = looks.tick() => {
                    listening.is_alive();
                    let now = self.clock.now();
                    if now.since(std::mem::replace(&mut looked, now)) > HELD_UP {
                        self.presence.restart(now);
                    }
                    self.look(transport);
                }
            }
        }
    }

    /// Hands on the events of a payload, and acknowledges it once all of them were handled.
    fn events(
        &self,
        payload: Vec<u8>,
        acknowledge: Option<Acknowledge>,
        is_redelivered: bool,
        underway: &mut Underway,
    ) {
        let (mut later, mut bytes) = (Vec::new(), 0);
        for payload in apart(payload) {
            let received = self.read(payload, acknowledge.is_some(), is_redelivered);
            let before = later.len();
            self.listeners.read().list.iter().for_each(|(_, receiver)| {
                if let Handling::Later(handling) = receiver.receive(&received) {
                    later.push(handling);
                }
            });
            if later.len() > before {
                bytes += received.bytes();
            }
        }
        let Some(acknowledge) = acknowledge else { return };
        if later.is_empty() {
            underway.acknowledge(acknowledge(true));
            return;
        }
        underway.handle(bytes, async move {
            let all = join_all(later).await;
            acknowledge(all.into_iter().all(|handled| handled)).await;
        });
    }

    /// Reads an event, and follows the numbers of its publisher.
    fn read(&self, payload: Vec<u8>, is_acknowledged: bool, is_redelivered: bool) -> Arc<Received> {
        let decoded = decode(&payload);
        let number = match &decoded {
            Ok(event) => {
                self.older.hear(event);
                event.number()
            }
            Err(_) => {
                self.garbage.fetch_add(1, Relaxed);
                None
            }
        };
        if let Some(number) = number {
            self.presence.event(&number.publisher, self.clock.now());
        }
        self.follow(number.map(|number| self.sequences.event(number)));
        Arc::new(Received { payload, decoded, is_acknowledged, is_redelivered })
    }

    fn heartbeat(&self, payload: &[u8], is_in_order: bool) {
        let Ok(heartbeat) = decode_heartbeat(payload) else { return };
        let number = &heartbeat.number;
        if number.publisher == self.own {
            self.echoed.fetch_max(heartbeat.beat, Relaxed);
            self.sight.regain_by(heartbeat.beat, is_in_order, || self.tell_sight());
            return;
        }
        if is_in_order {
            self.follow(Some(self.sequences.heartbeat(number)));
        }
        self.presence.heartbeat(&number.publisher, heartbeat.within, self.clock.now());
    }

    fn follow(&self, missed: Option<u64>) {
        if let Some(missed) = missed.filter(|missed| *missed > 0) {
            self.gap(GapReason::Sequence, missed);
        }
    }
}
