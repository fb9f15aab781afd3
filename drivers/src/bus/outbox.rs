//! Events that wait to be sent, in order.
//!
//! While the transport is up, an event waits for as long as its publisher does. While it is down, the publisher is
//! told so at once, and the event stays in the outbox, which is bounded in number and bytes. The oldest events make
//! room; receivers notice that by the numbers of later events.

use std::{collections::VecDeque, sync::Arc};

use lazy_layers_engine::bus::wire::{EVENT_BYTES, Number, Packed, numbered};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use super::{BusFault, Payload};
use crate::wakes;

/// The most bytes that wait: 64 MiB.
const BYTES: usize = 64 << 20;
/// The most events that wait while the transport is up, whatever the retry queue holds.
const MOST_WHILE_UP: usize = 100_000;
/// How many events are sent together.
const BATCH: usize = 256;
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
    /// Whether it is a loaded value, which does not wait for the transport.
    is_value: bool,
    packed: Arc<Packed>,
    waiter: Option<oneshot::Sender<Sent>>,
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
    /// Why nothing can be sent now.
    down: Option<BusFault>,
}

impl State {
    fn forget_values(&mut self) {
        let flying = self.entries.iter().take(self.flying).filter(|entry| !entry.is_value).count();
        self.entries.retain(|entry| !entry.is_value);
        self.bytes = self.entries.iter().map(|entry| entry.packed.len()).sum();
        self.flying = flying;
    }
}

/// The events of one bus that wait.
pub(super) struct Outbox {
    /// The name of this publisher's run.
    publisher: String,
    options: QueueOptions,
    state: Mutex<State>,
    filled: Notify,
}

impl Outbox {
    pub(super) fn new(publisher: String, options: QueueOptions) -> Outbox {
        let entries = VecDeque::new();
        let state = State { entries, bytes: 0, flying: 0, last: 0, last_number: 0, dropped: 0, down: None };
        Outbox { publisher, options, state: Mutex::new(state), filled: Notify::new() }
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
        self.put(event, must_arrive, false, waiter)
    }

    /// The same for a value that a cache has loaded: it is sent now or never.
    pub(super) fn push_value(&self, event: Packed, waiter: Option<oneshot::Sender<Sent>>) -> u64 {
        self.put(event, false, true, waiter)
    }

    fn put(
        &self,
        event: Packed,
        must_arrive: bool,
        is_value: bool,
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
        if down.is_none() || (self.options.enabled && !is_value) {
            let number = state.last_number;
            let packed = if must_arrive { numbered(event, &self.publisher, number) } else { event };
            state.bytes += packed.len();
            let before = number - u64::from(must_arrive);
            let (sequence, packed) = (state.last, Arc::new(packed));
            let (waiter, alone, losses) = (waiting, false, 0);
            state.entries.push_back(Entry { sequence, before, is_value, packed, waiter, alone, losses });
            removed = self.trim(&mut state);
        }
        drop(state);
        let trimmed = self.count_of(&removed);
        for entry in removed {
            resolve(entry.waiter, Err(BusFault::refused("the queue of the event bus is full")));
        }
        self.filled.notify_one();
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

    /// The transport is up, or is being tried for the first time.
    pub(super) fn up(&self) {
        self.state.lock().down = None;
    }

    /// Removes the oldest events beyond the bound. While the transport is up, those being sent and the newest stay.
    fn trim(&self, state: &mut State) -> Vec<Entry> {
        let (kept, least, most) = match &state.down {
            Some(_) if self.options.enabled => (0, 0, self.options.max_size),
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

    /// The events to send next, once there are any.
    pub(super) async fn next(&self) -> Vec<(u64, Arc<Packed>)> {
        loop {
            let filled = self.filled.notified();
            {
                let mut state = self.state.lock();
                let others = state.entries.iter().skip(1).take_while(|entry| !entry.alone);
                let is_alone = state.entries.front().is_some_and(|entry| entry.alone);
                let most = if is_alone { 1 } else { BATCH.min(1 + others.take(BATCH).count()) };
                let batch = state.entries.iter().take(most);
                let batch: Vec<_> = batch.map(|entry| (entry.sequence, Arc::clone(&entry.packed))).collect();
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
        for entry in state.entries.iter_mut().filter(|entry| batch.contains(&entry.sequence)) {
            entry.alone = true;
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

    /// The unique id of an event.
    pub(super) fn id(&self, sequence: u64) -> String {
        format!("{}-{sequence}", self.publisher)
    }
}

fn resolve(waiter: Option<oneshot::Sender<Sent>>, sent: Sent) {
    if let Some(waiter) = waiter {
        // Its publisher may have gone.
        drop(waiter.send(sent));
    }
}

/// An event as it is sent. Large ones are compressed, away from the runtime's own threads.
pub(super) async fn sealed(id: String, packed: Arc<Packed>) -> Payload {
    use lazy_layers_engine::codec::{Encoding, GZIP_MIN_BYTES, seal};
    let bytes = match &*packed {
        Packed::Json(text) => [Encoding::Json.prefix(), text].concat(),
        Packed::Msgpack(bytes) if bytes.len() < GZIP_MIN_BYTES => seal(bytes).bytes,
        Packed::Msgpack(_) => {
            let large = Arc::clone(&packed);
            let sealed = tokio::task::spawn_blocking(move || match &*large {
                Packed::Msgpack(bytes) | Packed::Json(bytes) => seal(bytes).bytes,
            });
            sealed.await.unwrap_or_default()
        }
    };
    Payload { id, bytes }
}

#[cfg(test)]
mod tests;
