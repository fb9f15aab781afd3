//! Events that wait to be sent, in order.
//!
//! While the transport is up, an event waits for as long as its publisher does. While it is down, the publisher is
//! told so at once, and the event stays in the outbox, which is bounded in number and bytes. The oldest events make
//! room; receivers notice that by the numbers of later events.

use std::{collections::VecDeque, sync::Arc};

use lazy_layers_engine::bus::wire::{EVENT_BYTES, Number, Packed, numbered};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use super::{
    BusFault, held,
    together::{Leaving, Message},
};
use crate::wakes;

/// The most bytes that wait: 64 MiB.
const BYTES: usize = 64 << 20;
/// The most events that wait while the transport is up, whatever the retry queue holds.
const MOST_WHILE_UP: usize = 100_000;
/// How many events are sent together.
const BATCH: usize = 256;
/// Few brokers refuse messages that are as small: 4 KiB.
const LEAST_SHARED: usize = 4 << 10;
/// The size from which an event may make a broker end the connection without an error that arrives: 64 KiB.
const LARGE: usize = 64 << 10;
/// An event is dropped once this number of connections in a row were lost while it alone was being sent.
const LOSSES: u8 = 3;

/// The retry queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QueueOptions {
    /// Whether events wait while the transport is down: yes.
    pub enabled: bool,
    /// How many of them at most: 10,000.
    pub max_size: usize,
}

impl Default for QueueOptions {
    fn default() -> Self {
        QueueOptions { enabled: true, max_size: 10_000 }
    }
}

/// The outcome of an event.
pub(super) type Sent = Result<(), BusFault>;

struct Entry {
    /// Its place in the queue.
    sequence: u64,
    /// The number of the last numbered event before it.
    before: u64,
    /// Of a loaded value, which does not wait for the transport, the most bytes of a message that it shares.
    value: Option<usize>,
    packed: Arc<Packed>,
    waiter: Option<oneshot::Sender<Sent>>,
    /// Whether it shares the message of the entry before it. Decided once, when it is first sent: a session may go on
    /// with a batch that it was given before.
    joins: Option<bool>,
    /// Whether it is sent alone, since the broker may refuse it.
    alone: bool,
    /// How many connections were lost while it was being sent alone.
    losses: u8,
}

struct State {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// How many events at the front are being sent.
    flying: usize,
    /// The place of the last event.
    last: u64,
    /// The number of the last numbered event.
    last_number: u64,
    /// Events that made room or were given up.
    dropped: u64,
    /// The most bytes of values that share a message, as far as the broker has refused larger ones.
    shared: usize,
    /// Why nothing can be sent now.
    down: Option<BusFault>,
}

impl State {
    fn forget_values(&mut self) {
        let flying = self.entries.iter().take(self.flying).filter(|entry| entry.value.is_none()).count();
        self.entries.retain(|entry| entry.value.is_none());
        self.bytes = self.entries.iter().map(|entry| entry.packed.len()).sum();
        self.flying = flying;
    }

    /// Forgets what is not being sent, but for events that the queue keeps.
    fn forget_waiting(&mut self, has_queue: bool) {
        let (mut at, flying) = (0, self.flying);
        self.entries.retain(|entry| {
            at += 1;
            at <= flying || (has_queue && entry.value.is_none())
        });
        self.bytes = self.entries.iter().map(|entry| entry.packed.len()).sum();
    }

    /// At most that many events from the front. Neighbours among the values share messages.
    fn leaving(&mut self, most: usize, may_share: impl Fn() -> bool) -> Vec<Leaving> {
        let mut message: Option<Message> = None;
        let mut batch = Vec::with_capacity(most);
        for entry in self.entries.iter_mut().take(most) {
            let value = entry.value.filter(|_| entry.joins.is_none() && !entry.alone);
            let joins = match (&mut message, value) {
                (Some(message), Some(most)) => may_share() && message.takes(&entry.packed, most),
                _ => false,
            };
            let joins = *entry.joins.get_or_insert(joins);
            if !joins {
                message = value.map(|most| Message::of(&entry.packed, most.min(self.shared)));
            }
            batch.push(Leaving { sequence: entry.sequence, packed: Arc::clone(&entry.packed), joins });
        }
        batch
    }

    /// How many events the first message has.
    fn first_message(&self) -> usize {
        self.entries.iter().skip(1).take_while(|entry| entry.joins == Some(true)).count() + 1
    }
}

/// The events of one bus that wait.
pub(super) struct Outbox {
    /// The name of this publisher's run.
    publisher: String,
    options: QueueOptions,
    state: Mutex<State>,
    filled: Arc<Notify>,
}

impl Outbox {
    pub(super) fn new(publisher: String, options: QueueOptions) -> Outbox {
        let entries = VecDeque::new();
        let (bytes, flying, last, last_number, dropped, shared) = (0, 0, 0, 0, 0, usize::MAX);
        let state = State { entries, bytes, flying, last, last_number, dropped, shared, down: None };
        Outbox { publisher, options, state: Mutex::new(state), filled: Arc::default() }
    }

    pub(super) fn publisher(&self) -> &str {
        &self.publisher
    }

    /// Takes an event. The waiter, if there is one, gets the outcome; while the transport is down it gets that
    /// fault.
    ///
    /// An event that `must_arrive` is numbered, so that receivers notice its loss. Losing a `set` is harmless,
    /// so it is not numbered.
    ///
    /// Returns how many events had to make room.
    pub(super) fn push(
        &self,
        event: Packed,
        must_arrive: bool,
        waiter: Option<oneshot::Sender<Sent>>,
    ) -> u64 {
        self.put(event, must_arrive, None, waiter)
    }

    /// The same for a value that a cache has loaded: it is sent now or never. `most` bounds the bytes of a message that
    /// it shares with others.
    pub(super) fn push_value(
        &self,
        event: Packed,
        most: usize,
        waiter: Option<oneshot::Sender<Sent>>,
    ) -> u64 {
        self.put(event, false, Some(most), waiter)
    }

    fn put(
        &self,
        event: Packed,
        must_arrive: bool,
        value: Option<usize>,
        waiter: Option<oneshot::Sender<Sent>>,
    ) -> u64 {
        if event.len() > EVENT_BYTES {
            let fault = BusFault::refused(format!(
                "the event is too large for the event bus: {} bytes, more than {EVENT_BYTES}",
                event.len()
            ));
            resolve(waiter, Err(fault));
            return 0;
        }
        let mut state = self.state.lock();
        state.last += 1;
        state.last_number += u64::from(must_arrive);
        let down = state.down.clone();
        let (waiting, released) = if down.is_some() { (None, waiter) } else { (waiter, None) };
        let mut removed = Vec::new();
        if down.is_none() || (self.options.enabled && value.is_none()) {
            let number = state.last_number;
            let packed = if must_arrive { numbered(event, &self.publisher, number) } else { event };
            state.bytes += packed.len();
            let before = number - u64::from(must_arrive);
            let (sequence, packed) = (state.last, Arc::new(packed));
            let (waiter, joins, alone, losses) = (waiting, None, false, 0);
            state.entries.push_back(Entry { sequence, before, value, packed, waiter, joins, alone, losses });
            removed = self.trim(&mut state);
        }
        drop(state);
        let trimmed = self.count_of(&removed);
        for entry in removed {
            resolve(entry.waiter, Err(BusFault::refused("the queue of the event bus is full")));
        }
        if value.is_some() {
            held::wake(&self.filled);
        } else {
            self.filled.notify_one();
        }
        if let Some(fault) = down {
            resolve(released, Err(fault));
        }
        trimmed
    }

    /// The transport is down: releases all waiters, and drops the events beyond the bound. Loaded values are dropped
    /// too, since this instance may miss their invalidation from now on. Returns how many events had to make room.
    pub(super) fn down(&self, fault: &BusFault) -> u64 {
        let mut state = self.state.lock();
        state.down = Some(fault.clone());
        let waiters: Vec<_> = state.entries.iter_mut().filter_map(|entry| entry.waiter.take()).collect();
        state.forget_values();
        let trimmed = self.trim(&mut state);
        drop(state);
        let trimmed = self.count_of(&trimmed);
        for waiter in waiters {
            resolve(Some(waiter), Err(fault.clone()));
        }
        trimmed
    }

    /// Nothing can be sent for a while, over a session that goes on: releases all waiters. What is being sent stays if
    /// the session may have it; of the rest, the events that the queue keeps.
    pub(super) fn pause(&self, fault: &BusFault, has_batch: bool) {
        let mut state = self.state.lock();
        state.down = Some(fault.clone());
        state.flying = if has_batch { state.flying } else { 0 };
        let waiters: Vec<_> = state.entries.iter_mut().filter_map(|entry| entry.waiter.take()).collect();
        state.forget_waiting(self.options.enabled);
        drop(state);
        for waiter in waiters {
            resolve(Some(waiter), Err(fault.clone()));
        }
    }

    /// The connection was lost, perhaps because of an event that was being sent: Redis, for example, ends the
    /// connection over a value that is too large, and its error may not arrive. So a large event is then sent
    /// alone, and dropped if the connection is lost again and again; no broker refuses small ones. If an event
    /// was dropped, returns why.
    pub(super) fn lost(&self, fault: &BusFault) -> Option<BusFault> {
        let mut state = self.state.lock();
        let flying = std::mem::take(&mut state.flying);
        let was_alone = flying == 1;
        for entry in state.entries.iter_mut().take(flying).filter(|entry| entry.packed.len() >= LARGE) {
            entry.alone = true;
            entry.losses += u8::from(was_alone);
        }
        state.entries.front().filter(|entry| entry.losses >= LOSSES)?;
        let entry = state.entries.pop_front()?;
        state.bytes -= entry.packed.len();
        state.dropped += 1;
        let bytes = entry.packed.len();
        Some(BusFault::refused(format!(
            "the broker ended the connection each time it was sent an event of {bytes} bytes: {fault}"
        )))
    }

    /// Why nothing can be sent now.
    pub(super) fn fault(&self) -> Option<BusFault> {
        self.state.lock().down.clone()
    }

    /// The transport is up, or is being tried for the first time.
    pub(super) fn up(&self) {
        self.state.lock().down = None;
    }

    /// Removes the oldest events beyond the bound. Those being sent stay, and while the transport is up the newest.
    fn trim(&self, state: &mut State) -> Vec<Entry> {
        let (kept, least, most) = match &state.down {
            Some(_) if self.options.enabled => (state.flying, state.flying, self.options.max_size),
            Some(_) => (0, 0, 0),
            None => (state.flying, state.flying + 1, MOST_WHILE_UP.max(self.options.max_size)),
        };
        let mut removed = Vec::new();
        while state.entries.len() > least && (state.entries.len() > most || state.bytes > BYTES) {
            let Some(entry) = state.entries.remove(kept) else { break };
            if kept == 0 {
                state.flying = state.flying.saturating_sub(1);
            }
            state.bytes -= entry.packed.len();
            removed.push(entry);
        }
        state.dropped += self.count_of(&removed);
        removed
    }

    /// How many of the removed events count as dropped: those that the queue had promised to keep.
    fn count_of(&self, removed: &[Entry]) -> u64 {
        if self.options.enabled { removed.len() as u64 } else { 0 }
    }

    /// The events to send next, once there are any. `may_share` says whether values may share messages now.
    pub(super) async fn next(&self, may_share: impl Fn() -> bool) -> Vec<Leaving> {
        loop {
            let filled = self.filled.notified();
            {
                let mut state = self.state.lock();
                let others = state.entries.iter().skip(1).take_while(|entry| !entry.alone);
                let is_alone = state.entries.front().is_some_and(|entry| entry.alone);
                let most = if is_alone { 1 } else { BATCH.min(1 + others.take(BATCH).count()) };
                let batch = state.leaving(most, &may_share);
                if !batch.is_empty() {
                    state.flying = batch.len();
                    return batch;
                }
            }
            filled.await;
        }
    }

    /// The events up to that number have been sent.
    pub(super) fn sent(&self, sequence: u64) {
        let mut sent = Vec::new();
        let mut state = self.state.lock();
        while state.entries.front().is_some_and(|entry| entry.sequence <= sequence) {
            let Some(entry) = state.entries.pop_front() else { break };
            state.flying = state.flying.saturating_sub(1);
            state.bytes -= entry.packed.len();
            sent.extend(entry.waiter);
        }
        drop(state);
        // With one wake for all of them.
        wakes::together(|| {
            for waiter in sent {
                resolve(Some(waiter), Ok(()));
            }
        });
    }

    /// At least one event of those numbers was refused. Returns whether one was dropped.
    pub(super) fn refused(&self, batch: &[u64], fault: &BusFault) -> bool {
        let mut state = self.state.lock();
        let first = state.first_message();
        let is_shared = first > 1;
        if is_shared {
            let bytes: usize = state.entries.iter().take(first).map(|entry| entry.packed.len()).sum();
            state.shared = (bytes / 2).max(LEAST_SHARED);
        }
        for entry in state.entries.iter_mut().filter(|entry| batch.contains(&entry.sequence)) {
            entry.joins = Some(false);
            // Values that shared a message may be taken one by one, and then need no batch each.
            entry.alone = !is_shared;
        }
        if state.entries.front().is_none_or(|entry| batch != [entry.sequence]) {
            return false;
        }
        let Some(entry) = state.entries.pop_front() else { return false };
        state.bytes -= entry.packed.len();
        state.dropped += 1;
        drop(state);
        resolve(entry.waiter, Err(fault.clone()));
        true
    }

    /// How many wait, and how many were dropped so far.
    pub(super) fn counts(&self) -> (usize, u64) {
        let state = self.state.lock();
        (state.entries.len(), state.dropped)
    }

    /// The number of the last numbered event, whether or not it was sent.
    pub(super) fn position(&self) -> Number {
        Number { publisher: self.publisher.clone(), sequence: self.state.lock().last_number }
    }

    /// The number of the last numbered event that was sent, 0 if none was.
    pub(super) fn last_sent(&self) -> u64 {
        let state = self.state.lock();
        state.entries.front().map_or(state.last_number, |entry| entry.before)
    }
}

fn resolve(waiter: Option<oneshot::Sender<Sent>>, sent: Sent) {
    if let Some(waiter) = waiter {
        // Its publisher may have gone.
        drop(waiter.send(sent));
    }
}

#[cfg(test)]
mod tests;
