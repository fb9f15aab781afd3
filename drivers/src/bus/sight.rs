//! Whether receivers may serve values from memory. After a freeze they are blind until all missed events have
//! arrived.
//!
//! Receivers are told under the lock, so the last word they hear is the current state.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use lazy_layers_engine::clock::{Clock, Time};
use parking_lot::{Mutex, MutexGuard};
use tokio::{
    sync::Notify,
    time::{Duration, sleep},
};

/// The longest blindness without a subscription: the limit that holds while the bus is down bounds the age of served
/// values.
const LIMIT: Duration = Duration::from_secs(3);
/// The shortest time between two checks of that limit.
const LOOKS: Duration = Duration::from_millis(250);

/// Receivers are blind from the time `since` until the heartbeat `awaited` has come back, once it was sent.
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

    /// Makes receivers blind; `tell` tells them. Does nothing without a subscription: the limit that holds
    /// while the bus is down bounds the age of served values.
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

    /// The same, once the repair after one blindness has ended. A newer blindness stays.
    pub(super) fn regain_from(&self, number: u64, tell: impl FnOnce()) {
        self.regain_if(|blindness| blindness.number == number, tell);
    }

    /// The same, when a heartbeat has come back. If heartbeats come in the order of events, one later than the
    /// mark counts too.
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

    /// Locks the state, and returns whether receivers are blind.
    pub(super) fn hold(&self) -> (MutexGuard<'_, impl Sized>, bool) {
        let state = self.state.lock();
        let is_blind = state.blindness.is_some();
        (state, is_blind)
    }

    /// The number of the current blindness.
    pub(super) fn blindness(&self) -> Option<u64> {
        self.state.lock().blindness.as_ref().map(|blindness| blindness.number)
    }

    /// Sets the mark: once this heartbeat has arrived, all missed events have.
    pub(super) fn awaits(&self, beat: u64) {
        if let Some(blindness) = &mut self.state.lock().blindness {
            blindness.awaited = Some(beat);
        }
    }

    /// Ends once a mark is to be sent.
    pub(super) async fn needs_mark(&self) {
        self.marks.notified().await;
    }

    /// A session is open: if receivers are blind, it has to send a mark.
    pub(super) fn look_again(&self) {
        if self.blindness().is_some() {
            self.marks.notify_one();
        }
    }

    /// Applies the limit, for ever; `tell` tells receivers that they see.
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
