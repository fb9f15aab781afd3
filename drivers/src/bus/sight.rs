//! Whether receivers may serve what is in memory. After a freeze they are blind until all that was missed has arrived.
//!
//! They are told under the lock: whoever is told last knows how it is.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use lazy_layers_engine::clock::{Clock, Time};
use parking_lot::{Mutex, MutexGuard};
use tokio::{
    sync::Notify,
    time::{Duration, sleep},
};

/// Without a subscription receivers are blind for no longer: the limit that holds while the bus is down bounds the age
/// of what they serve.
const LIMIT: Duration = Duration::from_secs(3);
/// How often that is looked at.
const LOOKS: Duration = Duration::from_millis(250);

/// Receivers are blind since that time, until the heartbeat of that number has come back, once it was sent.
struct Blindness {
    number: u64,
    since: Time,
    awaited: Option<u64>,
}

#[derive(Default)]
struct State {
    blindness: Option<Blindness>,
    count: u64,
}

/// The sight of the receivers of one bus.
pub(super) struct Sight {
    state: Mutex<State>,
    clock: Clock,
    /// Whether events arrive.
    pub(super) listens: AtomicBool,
    /// A mark is to be sent.
    marks: Notify,
    /// Receivers have become blind.
    blinded: Notify,
}

impl Sight {
    pub(super) fn new(clock: Clock) -> Sight {
        Sight {
            state: Mutex::default(),
            clock,
            listens: AtomicBool::new(false),
            marks: Notify::new(),
            blinded: Notify::new(),
        }
    }

    /// Receivers are blind from now on; `tell` tells them. Without a subscription they are not: what holds while the
    /// bus is down bounds what they serve.
    pub(super) fn lose(&self, tell: impl FnOnce()) {
        let mut state = self.state.lock();
        if !self.listens.load(SeqCst) {
            return;
        }
        state.count += 1;
        let number = state.count;
        state.blindness = Some(Blindness { number, since: self.clock.now(), awaited: None });
        tell();
        drop(state);
        self.marks.notify_one();
        self.blinded.notify_one();
    }

    /// Receivers see from now on; `tell` tells them.
    pub(super) fn regain(&self, tell: impl FnOnce()) {
        self.regain_if(|_| true, tell);
    }

    /// The same at the end of what was done about one blindness. There may be another since.
    pub(super) fn regain_from(&self, number: u64, tell: impl FnOnce()) {
        self.regain_if(|blindness| blindness.number == number, tell);
    }

    /// The same when a heartbeat has come back. One that comes in the order of events may be a later one than the mark.
    pub(super) fn regain_by(&self, beat: u64, is_in_order: bool, tell: impl FnOnce()) {
        let is_mark = |awaited| beat == awaited || (is_in_order && beat > awaited);
        self.regain_if(|blindness| blindness.awaited.is_some_and(is_mark), tell);
    }

    fn regain_if(&self, is_over: impl FnOnce(&Blindness) -> bool, tell: impl FnOnce()) {
        let mut state = self.state.lock();
        if state.blindness.as_ref().is_some_and(is_over) {
            state.blindness = None;
            tell();
        }
    }

    /// Holds how it is, and whether receivers are blind.
    pub(super) fn hold(&self) -> (MutexGuard<'_, impl Sized>, bool) {
        let state = self.state.lock();
        let is_blind = state.blindness.is_some();
        (state, is_blind)
    }

    /// The number of the blindness that lasts.
    pub(super) fn blindness(&self) -> Option<u64> {
        self.state.lock().blindness.as_ref().map(|blindness| blindness.number)
    }

    /// What was missed has arrived once the heartbeat of that number has.
    pub(super) fn awaits(&self, beat: u64) {
        if let Some(blindness) = &mut self.state.lock().blindness {
            blindness.awaited = Some(beat);
        }
    }

    /// Ends once a mark is to be sent.
    pub(super) async fn needs_mark(&self) {
        self.marks.notified().await;
    }

    /// A session is there: if receivers are blind, it has to find out what was missed.
    pub(super) fn look_again(&self) {
        if self.blindness().is_some() {
            self.marks.notify_one();
        }
    }

    /// Keeps the limit, for ever; `tell` tells receivers that they see.
    pub(super) async fn keep_limit(&self, tell: impl Fn()) {
        loop {
            let since = self.state.lock().blindness.as_ref().map(|blindness| blindness.since);
            let Some(since) = since else {
                self.blinded.notified().await;
                continue;
            };
            sleep(LIMIT.saturating_sub(self.clock.now().since(since)).max(LOOKS)).await;
            let is_over = |blindness: &Blindness| self.clock.now().since(blindness.since) >= LIMIT;
            self.regain_if(|blindness| is_over(blindness) && !self.listens.load(SeqCst), &tell);
        }
    }
}
