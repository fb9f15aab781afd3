//! The handle of a bus.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use lazy_layers_engine::{
    bus::wire::{Number, Packed},
    clock::Clock,
};
use parking_lot::Mutex;
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot, watch},
};

use super::{
    BusFault, QueueOptions, Receive, Transport,
    away::Away,
    dispatch::Receivers,
    freeze,
    outbox::Outbox,
    run::{Notice, Runner},
    together::Leaving,
};

/// The owner of a bus. Called on the runtime.
pub trait BusOwner: Send + Sync + 'static {
    /// It is up, or down for that reason.
    fn status(&self, down: Option<&BusFault>);
    /// This number of queued events had to make room.
    fn dropped(&self, events: u64);
    /// The broker does not take an event.
    fn refused(&self, fault: &BusFault);
}

/// Identifies a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriptionId(pub u64);

/// Whether there is a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Status {
    /// Not yet: this is the first attempt.
    Connecting,
    /// There is.
    Up { subscribed: bool },
    /// Not now.
    Down(BusFault),
    /// The bus was disconnected, or never connected.
    Closed,
}

/// The state of a bus, of its handle and of its task.
pub(super) struct BusState {
    pub(super) outbox: Outbox,
    pub(super) receivers: Receivers,
    pub(super) owner: Arc<dyn BusOwner>,
    /// How often a session was opened.
    pub(super) connects: watch::Sender<u64>,
    /// Where events come from.
    pub(super) place: Mutex<Option<String>>,
    /// Whether this bus has a publisher: other instances must notice when it disappears.
    pub(super) announced: AtomicBool,
    /// How many heartbeats were sent.
    pub(super) beats: AtomicU64,
    /// When there was no session.
    pub(super) away: Mutex<Away>,
    /// Whether events may have been sent that did not reach the receivers.
    pub(super) missed: AtomicBool,
}

impl BusState {
    /// The first `count` of these have been sent.
    pub(super) fn sent(&self, numbers: &[u64], count: usize) {
        if let Some(last) = count.checked_sub(1).and_then(|at| numbers.get(at)) {
            self.outbox.sent(*last);
        }
    }

    /// The events to send next, once there are any.
    pub(super) async fn next_batch(&self) -> Vec<Leaving> {
        self.outbox.next(|| !self.receivers.older.are_near()).await
    }
}

struct RunningTask {
    notices: mpsc::UnboundedSender<Notice>,
    status: watch::Receiver<Status>,
}

/// How an event is taken.
enum Pushed {
    Event {
        must_arrive: bool,
    },
    /// A loaded value.
    Value {
        most: usize,
    },
}

/// A bus. It connects when it is first used; dropping it ends the connection.
pub struct EventBus {
    pub(super) transport: Arc<dyn Transport>,
    pub(super) shared: Arc<BusState>,
    pub(super) runtime: Handle,
    running: Mutex<Option<RunningTask>>,
    /// The status of the task that was told to end. The next one waits for it: both would send what waits.
    leaving: Mutex<Option<watch::Receiver<Status>>>,
    /// Whether the owner has disconnected it: then only the owner connects it again.
    pub(super) closed: Mutex<bool>,
}

impl EventBus {
    /// A bus by a transport.
    #[must_use]
    pub fn new(
        runtime: Handle,
        transport: Arc<dyn Transport>,
        queue: QueueOptions,
        owner: Arc<dyn BusOwner>,
    ) -> EventBus {
        let publisher = uuid::Uuid::new_v4().to_string();
        let outbox = Outbox::new(publisher.clone(), queue);
        let (receivers, connects) = (Receivers::new(publisher), watch::Sender::new(0));
        let place = Mutex::new(None);
        let (announced, beats) = (AtomicBool::new(false), AtomicU64::new(0));
        let shared = Arc::new(BusState {
            outbox,
            receivers,
            owner,
            connects,
            place,
            announced,
            beats,
            away: Mutex::new(Away::new()),
            missed: AtomicBool::new(false),
        });
        freeze::register(Arc::downgrade(&shared));
        EventBus {
            transport,
            shared,
            runtime,
            running: Mutex::default(),
            leaving: Mutex::default(),
            closed: Mutex::default(),
        }
    }

    /// The name of the transport.
    #[must_use]
    pub fn transport(&self) -> &str {
        self.transport.name()
    }

    /// Connects, and waits for the outcome of the first attempt.
    ///
    /// # Errors
    /// Why the first attempt failed. Further attempts follow by themselves.
    pub fn connect(&self) -> impl Future<Output = Result<(), BusFault>> + Send + use<> {
        *self.closed.lock() = false;
        let mut status = self.start(true);
        async move {
            match status.wait_for(|status| !matches!(status, Status::Connecting)).await.as_deref() {
                Ok(Status::Up { .. }) => Ok(()),
                Ok(Status::Down(fault)) => Err(fault.clone()),
                Ok(Status::Closed | Status::Connecting) | Err(_) => Err(BusFault::closed()),
            }
        }
    }

    /// From now on other instances notice when this bus falls silent, also before its first event.
    pub fn announce(&self) {
        self.shared.announced.store(true, Relaxed);
    }

    /// Sends an event; ends when the broker has it. One that `must_arrive` is numbered: receivers notice its loss.
    ///
    /// # Errors
    /// Why it could not be sent now. It then waits in the queue, unless it is larger than any broker accepts.
    pub fn publish(
        &self,
        event: Packed,
        must_arrive: bool,
    ) -> impl Future<Output = Result<(), BusFault>> + Send + use<> {
        self.enqueue(event, Pushed::Event { must_arrive })
    }

    /// The same for a value that a cache has loaded: while there is no connection it does not wait for one. It may
    /// share a message of at most `most` bytes with other values.
    ///
    /// # Errors
    /// Why it was not sent.
    pub fn publish_value(
        &self,
        event: Packed,
        most: usize,
    ) -> impl Future<Output = Result<(), BusFault>> + Send + use<> {
        self.enqueue(event, Pushed::Value { most })
    }

    fn enqueue(
        &self,
        event: Packed,
        kind: Pushed,
    ) -> impl Future<Output = Result<(), BusFault>> + Send + use<> {
        let (waiter, outcome) = oneshot::channel();
        let trimmed = self.unless_closed(|outbox| match kind {
            Pushed::Event { must_arrive } => outbox.push(event, must_arrive, Some(waiter)),
            Pushed::Value { most } => outbox.push_value(event, most, Some(waiter)),
        });
        let is_closed = trimmed.is_none();
        async move {
            if is_closed {
                return Err(BusFault::closed());
            }
            outcome.await.unwrap_or_else(|_| Err(BusFault::closed()))
        }
    }

    /// The number of the last numbered event, whether or not it has left.
    #[must_use]
    pub fn position(&self) -> Number {
        self.shared.outbox.position()
    }

    /// Queues an event to be sent once the bus is up.
    pub fn postpone(&self, event: Packed, must_arrive: bool) {
        self.unless_closed(|outbox| outbox.push(event, must_arrive, None));
    }

    /// Puts an event into the queue, unless the bus is disconnected. Returns how many events had to make room.
    fn unless_closed(&self, push: impl FnOnce(&Outbox) -> u64) -> Option<u64> {
        // Held meanwhile: a session that began after `disconnect` would stay open.
        let closed = self.closed.lock();
        if *closed {
            return None;
        }
        self.start(false);
        let trimmed = push(&self.shared.outbox);
        drop(closed);
        self.shared.owner.dropped(trimmed);
        Some(trimmed)
    }

    /// Adds a receiver of all events from now on.
    pub fn subscribe(&self, receiver: Arc<dyn Receive>) -> SubscriptionId {
        let id = self.shared.receivers.add(self.transport.name(), receiver);
        let closed = self.closed.lock();
        if !*closed {
            self.start(false);
        }
        drop(closed);
        if let Some(running) = &*self.running.lock() {
            drop(running.notices.send(Notice::Subscribed));
        }
        id
    }

    /// Waits until events arrive, or it is certain that they do not for now.
    pub fn subscribed(&self) -> impl Future<Output = ()> + Send + use<> {
        let status = self.running.lock().as_ref().map(|running| running.status.clone());
        async move {
            let Some(mut status) = status else { return };
            let settled =
                |status: &Status| !matches!(status, Status::Connecting | Status::Up { subscribed: false });
            drop(status.wait_for(settled).await);
        }
    }

    /// Removes a receiver.
    pub fn unsubscribe(&self, id: SubscriptionId) {
        self.shared.receivers.remove(id);
    }

    /// Disconnects, after the queue was sent or a limit has passed.
    pub fn disconnect(&self) -> impl Future<Output = ()> + Send + use<> {
        *self.closed.lock() = true;
        if let Some(running) = self.running.lock().take() {
            drop(running.notices.send(Notice::Close));
            *self.leaving.lock() = Some(running.status);
        }
        self.left()
    }

    /// Disconnects, if there is a session, and waits for one that is being disconnected.
    pub(super) fn leave(&self) -> Option<impl Future<Output = ()> + Send + use<>> {
        let is_up = |running: &RunningTask| matches!(*running.status.borrow(), Status::Up { .. });
        let has_session = self.running.lock().as_ref().is_some_and(is_up);
        if has_session {
            drop(self.disconnect());
        }
        let is_leaving =
            self.leaving.lock().as_ref().is_some_and(|status| *status.borrow() != Status::Closed);
        is_leaving.then(|| self.left())
    }

    /// Waits until the task that was told to end has ended.
    fn left(&self) -> impl Future<Output = ()> + Send + use<> {
        let leaving = self.leaving.lock().clone();
        async move {
            if let Some(mut status) = leaving {
                drop(status.wait_for(|status| matches!(status, Status::Closed)).await);
            }
        }
    }

    /// How often a session was opened.
    #[must_use]
    pub fn connects(&self) -> u64 {
        *self.shared.connects.borrow()
    }

    /// How long ago the last time without a session began; zero if there was none since the first session.
    #[must_use]
    pub fn away(&self) -> Duration {
        self.shared.away.lock().ago()
    }

    /// Ends once [`EventBus::connects`] is another number than `seen`.
    pub fn connected_again(&self, seen: u64) -> impl Future<Output = ()> + Send + 'static + use<> {
        let mut connects = self.shared.connects.subscribe();
        async move {
            if connects.wait_for(|now| *now != seen).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Starts the task if it has not been started, or `again` if it has given up.
    pub(super) fn start(&self, again: bool) -> watch::Receiver<Status> {
        let mut running = self.running.lock();
        if let Some(running) = running.as_ref().filter(|running| !again || !running.notices.is_closed()) {
            return running.status.clone();
        }
        let (notices, received) = mpsc::unbounded_channel();
        let (status, watched) = watch::channel(Status::Connecting);
        self.shared.outbox.up();
        let runner = Runner {
            transport: Arc::clone(&self.transport),
            shared: Arc::clone(&self.shared),
            received,
            status,
            clock: Clock::new(),
        };
        let (left, shared) = (self.left(), Arc::clone(&self.shared));
        self.runtime.spawn(async move {
            left.await;
            shared.outbox.up();
            runner.run().await;
        });
        *running = Some(RunningTask { notices, status: watched.clone() });
        watched
    }
}
