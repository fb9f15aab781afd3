//! A store behind a circuit breaker and a deadline: no failure of it reaches a caller, and none makes it wait for
//! long.

mod many;
mod tags;

use std::{future::poll_fn, sync::Arc, task::Poll};

use tracing::debug;

use tokio::sync::Notify;

use super::{
    Found, Mark, MarkCell, Marking, Store, StoreFuture,
    missed::{Deletes, MissedWrites, Outcome},
};
use crate::{
    clock::{Clock, Timers, Ttl},
    coherence::removed::Removed,
    entry::{key::Key, pattern::Pattern},
    observe::{Event, Kind, Observe},
    options::CacheOptions,
    resilience::{
        breaker::{Breaker, BreakerState},
        shared::SharedBreaker,
    },
    targets::RETRY,
    value::{Failure, Value},
};

/// One operation on a store: its name in events, and the key it is about, if it is about one.
#[derive(Debug, Clone, Copy)]
pub struct StoreCall<'a> {
    /// The name of the operation, as events carry it.
    pub operation: &'static str,
    /// The key as the caller gave it.
    pub key: Option<&'a Key>,
}

/// Why an operation was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NotDone {
    /// The circuit is open.
    Skipped,
    /// No answer, or an unusable one.
    Failed,
    /// The custom store threw.
    Answered,
    /// The store answers, and refuses this one operation.
    Refused,
}

/// The second layer as flows see it.
pub struct Guarded<V> {
    store: Arc<dyn Store<V>>,
    breaker: SharedBreaker,
    timeout: Ttl,
    missed: MissedWrites,
    clock: Clock,
    timers: Timers,
    observe: Arc<Observe<V>>,
}

impl<V: Value> Guarded<V> {
    /// Puts a breaker and a deadline around `store`, by the options of the cache. Missed writes notify `news`.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store<V>>,
        options: &CacheOptions,
        clock: Clock,
        timers: Timers,
        observe: Arc<Observe<V>>,
        news: Arc<Notify>,
    ) -> Self {
        // No timer for each call if the store has one.
        let timeout = if options.l2_timeout < store.deadline() { options.l2_timeout } else { Ttl::FOREVER };
        let breaker = Breaker::around("L2", options.name.as_deref(), options.l2_breaker.clone());
        let breaker = SharedBreaker::new(breaker, store.reconnects());
        Guarded { store, breaker, timeout, missed: MissedWrites::new(news), clock, timers, observe }
    }

    /// The state of the circuit.
    #[must_use]
    pub fn circuit(&self) -> BreakerState {
        self.breaker.state(self.clock.now())
    }

    /// The store itself, for calls that need no network.
    #[must_use]
    pub fn store(&self) -> &dyn Store<V> {
        &*self.store
    }

    /// Returns the value of a key. `None` also when the value in the store may be older than one known here. A
    /// load may follow a read that is given a cell for its mark.
    pub async fn get(&self, call: StoreCall<'_>, stored: &Key, mark: Option<&MarkCell>) -> Option<Found<V>> {
        let is_owed = self.missed.contains(stored);
        let servers = self.store.replacements();
        let read = self.run(call, |store| match mark {
            Some(mark) => store.get_marked(stored, mark),
            None => store.get(stored),
        });
        // Another server may lack deletes that counted as done when the read began.
        read.await.flatten().filter(|_| !is_owed && self.store.replacements() == servers)
    }

    /// The mark of such a read that has ended, for a load that begins after this.
    pub async fn mark_in(&self, cell: &MarkCell) -> Option<Mark> {
        match cell.take() {
            Marking::Known(mark) => mark,
            Marking::Coming(mark) => {
                self.in_time(Box::pin(async move { Ok(mark.await) })).await.ok().flatten()
            }
        }
    }

    /// Runs an operation that writes a key; true when it has its new value. If the write fails, the value that the
    /// store held before is outdated, and nobody may read it.
    pub async fn write<'a>(
        &'a self,
        call: StoreCall<'_>,
        stored: &Key,
        operation: impl FnOnce(&'a dyn Store<V>) -> StoreFuture<'a, bool, V>,
    ) -> Option<bool> {
        if self.store.counts_invalidations() && self.missed.has_invalidation(stored) {
            // A load that began before the invalidation could overwrite the new value, so the store first has
            // to count the invalidation.
            self.invalidate_first(stored).await;
        }
        let began = self.missed.moment();
        let written = self.attempt(call, operation, false).await;
        match written {
            Ok(true) => self.missed.written(stored, began),
            Ok(false) => {}
            Err(why) => Box::pin(self.remove_older(call, stored, why)).await,
        }
        written.ok()
    }

    /// Removes a key.
    pub async fn delete(&self, call: StoreCall<'_>, stored: &Key, lock: Option<&Key>) {
        let began = self.missed.moment();
        let deleted = self.attempt(call, |store| store.delete(stored, lock), true).await;
        match deleted {
            Ok(()) => self.missed.removed(stored, began),
            Err(_) => self.add_missed(stored, true),
        }
    }

    /// Sends an invalidation of a key that the store has missed.
    async fn invalidate_first(&self, stored: &Key) {
        let began = self.missed.moment();
        if self.in_time(self.store.delete(stored, None)).await.is_ok() {
            self.missed.written(stored, began);
        }
    }

    /// Removes all keys that match.
    pub async fn delete_by_pattern(&self, call: StoreCall<'_>, stored: &Pattern) {
        let deleted = self.attempt(call, |store| store.delete_by_pattern(stored), true).await;
        if deleted.is_err() && self.store.is_shared() {
            debug!(target: RETRY, "L2 has missed a delete by a pattern: it is sent again later");
            self.missed.add_pattern(stored);
        }
    }

    /// Removes the value that a failed write has left: at once if the store answers, else later if it is shared.
    async fn remove_older(&self, call: StoreCall<'_>, stored: &Key, why: NotDone) {
        if !self.store.is_shared() {
            // The failure of `set` alone is reported and counted.
            if matches!(why, NotDone::Answered | NotDone::Refused) {
                drop(self.in_time(self.store.delete(stored, None)).await);
            }
            return;
        }
        let call = StoreCall { operation: "delete", ..call };
        let began = self.missed.moment();
        let removed = why == NotDone::Refused
            && self.attempt(call, |store| store.delete(stored, None), true).await.is_ok();
        if removed {
            self.missed.written(stored, began);
        } else {
            self.add_missed(stored, false);
        }
    }

    /// Notes that the store's value of a key is older than the one known here. A store that only this instance
    /// uses may keep it; a store that others read from has to lose it.
    fn add_missed(&self, stored: &Key, is_invalidation: bool) {
        if self.store.is_shared() {
            debug!(target: RETRY, "L2 has missed a delete: it is sent again later, and the key not read until then");
            self.missed.add(stored, is_invalidation);
        }
    }

    /// Repeats removals on the store: it may be another server, which knows nothing of them.
    pub(crate) fn add_missed_again(&self, removed: &[Removed]) {
        for one in removed.iter().filter(|_| self.store.is_shared()) {
            match one {
                Removed::Key(stored) => self.missed.add(stored, true),
                Removed::Pattern(stored) => self.missed.add_pattern(stored),
                Removed::Tag(tag) => self.add_missed_tags(std::slice::from_ref(tag)),
            }
        }
    }

    /// The deletes and writes that the store has missed.
    pub(crate) fn missed(&self) -> &MissedWrites {
        &self.missed
    }

    /// Repairs missed deletes and writes, a part at a time. Returns false when there is nothing to do now, or
    /// when a part fails. A task of the cache calls it (`flow/upkeep.rs`): no caller waits for the repair of
    /// other keys.
    ///
    /// A failed repair is no news and says nothing about callers' operations, so no event tells it and nothing
    /// counts it.
    pub(crate) async fn repair(&self) -> bool {
        let Some(repair) = self.missed.start_repair(self.clock.now()) else { return false };
        let outcome = match &repair.deletes {
            Deletes::Pattern(_, pattern) => match self.in_time(self.store.delete_by_pattern(pattern)).await {
                Ok(()) => Outcome::Done,
                Err(Failure::Unreadable(_)) => Outcome::Refused,
                Err(_) => Outcome::Failed,
            },
            Deletes::Tags(tags) => self.repair_tags(tags).await,
            Deletes::Keys(keys) => {
                // All are on their way before the first is waited for.
                let deletes: Vec<_> = keys.iter().map(|(_, key)| self.store.delete(key, None)).collect();
                let each = self.in_time(Box::pin(async move {
                    let mut done = Vec::with_capacity(deletes.len());
                    let mut is_refused = true;
                    for delete in deletes {
                        let deleted = delete.await;
                        is_refused &= matches!(&deleted, Ok(()) | Err(Failure::Unreadable(_)));
                        done.push(deleted.is_ok());
                    }
                    Ok(Outcome::DoneSome { done, is_refused })
                }));
                each.await.unwrap_or(Outcome::Failed)
            }
        };
        let keys = match &repair.deletes {
            Deletes::Pattern(..) => None,
            Deletes::Keys(keys) | Deletes::Tags(keys) => Some(keys.len()),
        };
        let is_done = match &outcome {
            Outcome::Done => true,
            Outcome::DoneSome { done, .. } => done.iter().all(|done| *done),
            Outcome::Failed | Outcome::Refused => false,
        };
        debug!(target: RETRY, keys, is_done, "deletes that L2 has missed were sent again");
        repair.ends(outcome);
        is_done
    }

    /// Runs one operation. Returns `None` if it was skipped or failed, which an event has told.
    pub async fn run<'a, T>(
        &'a self,
        call: StoreCall<'_>,
        operation: impl FnOnce(&'a dyn Store<V>) -> StoreFuture<'a, T, V>,
    ) -> Option<T> {
        self.attempt(call, operation, false).await.ok()
    }

    /// Runs one operation. A removal runs also while the circuit is open, if the store can be reached: other instances
    /// read a value that is not removed.
    async fn attempt<'a, T>(
        &'a self,
        call: StoreCall<'_>,
        operation: impl FnOnce(&'a dyn Store<V>) -> StoreFuture<'a, T, V>,
        removes: bool,
    ) -> Result<T, NotDone> {
        let started = self.clock.now();
        let may_call =
            self.breaker.can_call(self.store.reconnects(), started) || (removes && self.store.is_reachable());
        if !may_call {
            let state = self.breaker.state(started);
            self.observe.emit(Kind::L2Skipped, || Event::L2Skipped {
                operation: call.operation,
                key: call.key.cloned(),
                state,
            });
            return Err(NotDone::Skipped);
        }
        let answer = self.in_time(operation(&*self.store)).await;
        self.observe.counters().second_layer().record(self.clock.now().since(started));
        self.settle(call, answer)
    }

    /// Counts the answer of the store for its circuit, and tells of a failure.
    fn settle<T>(&self, call: StoreCall<'_>, answer: Result<T, Failure<V>>) -> Result<T, NotDone> {
        match answer {
            Ok(answer) => {
                let state = self.breaker.record_success();
                if let Some(complaint) = self.store.take_complaint() {
                    self.emit_error(call, state, Failure::Message(complaint));
                }
                Ok(answer)
            }
            Err(error) => {
                let (why, state) = match error {
                    // The store answered: one record is damaged, or one command is refused.
                    Failure::Unreadable(_) => (NotDone::Refused, self.breaker.record_success()),
                    Failure::Thrown(_) => (NotDone::Answered, self.breaker.record_failure(self.clock.now())),
                    Failure::Message(_) => (NotDone::Failed, self.breaker.record_failure(self.clock.now())),
                };
                self.emit_error(call, state, error);
                Err(why)
            }
        }
    }

    fn emit_error(&self, call: StoreCall<'_>, state: BreakerState, error: Failure<V>) {
        self.observe.emit(Kind::L2Error, || Event::L2Error {
            operation: call.operation,
            key: call.key.cloned(),
            state,
            error,
        });
    }

    /// The result of an operation; a failure if it takes too long.
    async fn in_time<T>(&self, mut answer: StoreFuture<'_, T, V>) -> Result<T, Failure<V>> {
        let Some(limit) = self.timeout.duration() else { return answer.await };
        // An immediate answer needs no timer.
        let at_once = poll_fn(|context| match answer.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => Poll::Ready(None),
        });
        if let Some(answer) = at_once.await {
            return answer;
        }
        tokio::select! {
            biased;
            answer = answer => answer,
            () = self.timers.sleep(limit) => Err(Failure::Message(format!(
                "the second layer did not answer within {} ms", limit.as_secs_f64() * 1000.0))),
        }
    }
}
