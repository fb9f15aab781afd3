//! Work before a write is sent: listing its entry on another node, sealing a large value, opening a separate connection
//! for a value that may be too large for the server, looking at the conditions of a write where no script does.
//! Meanwhile other operations on the entry wait.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
};

use super::{
    atomic::Changed,
    batch::Operation,
    fault::Fault,
    marks::{self, Count},
    store::{LARGE, Payloads, Queue, RedisStore, StoreState},
    submit::send_held,
    tidy::Tally,
};

/// Entries whose write is being prepared, each with its number and the operations that wait for it.
#[derive(Default)]
pub(super) struct Preparing {
    entries: HashMap<Vec<u8>, (u64, Queue)>,
    count: u64,
}

/// The preparation of a write. However it ends, also by a panic, nothing waits for it afterwards.
struct Preparation<P: Payloads> {
    shared: Arc<StoreState<P>>,
    entry: Vec<u8>,
    number: u64,
}

impl<P: Payloads> Drop for Preparation<P> {
    fn drop(&mut self) {
        let StoreState { preparing, preparing_count, prepared, .. } = &*self.shared;
        let mut now = preparing.lock();
        let is_left = now.entries.get(&self.entry).is_some_and(|(number, _)| *number == self.number);
        let left = if is_left { now.entries.remove(&self.entry) } else { None };
        drop(now);
        if left.is_some() {
            preparing_count.fetch_sub(1, Ordering::SeqCst);
        }
        // Their callers notice.
        drop(left);
        prepared.notify_waiters();
    }
}

impl<P: Payloads> StoreState<P> {
    /// Sends an operation on an entry, after the writes that are being prepared for it.
    pub(super) fn request(&self, entry: &[u8], mut operation: Box<dyn Operation>) {
        if self.closed.load(Ordering::SeqCst) {
            return operation.finish(Err(Fault::closed()));
        }
        if self.preparing_count.load(Ordering::SeqCst) > 0
            && let Some((_, queue)) = self.preparing.lock().entries.get_mut(entry)
        {
            operation.waits();
            queue.push(operation);
            return;
        }
        self.requests.send(operation);
    }

    /// Sends a write once it is prepared. Operations on the entry that come meanwhile wait for it.
    pub(super) fn prepare_first(self: &Arc<Self>, entry: Vec<u8>, operation: Box<dyn Operation>) {
        let number = {
            let mut preparing = self.preparing.lock();
            if let Some((_, queue)) = preparing.entries.get_mut(&entry) {
                queue.push(operation);
                return;
            }
            preparing.count += 1;
            let number = preparing.count;
            preparing.entries.insert(entry.clone(), (number, Vec::new()));
            self.preparing_count.fetch_add(1, Ordering::SeqCst);
            number
        };
        // Earlier operations must not come after it.
        send_held();
        let preparation = Preparation { shared: Arc::clone(self), entry, number };
        self.runtime.spawn(async move {
            let Preparation { shared, entry, .. } = &preparation;
            let mut operations: Queue = vec![operation];
            while !operations.is_empty() {
                shared.send_prepared(entry, operations).await;
                operations = shared.next_queued(entry);
            }
        });
    }

    async fn send_prepared(self: &Arc<Self>, entry: &[u8], operations: Queue) {
        // Listed once for all of them, with the longest lifetime.
        let together = operations.iter().filter(|operation| operation.listed_as_seen().is_none());
        let lives = together.filter_map(|operation| operation.lists());
        let longest = lives.max_by_key(|millis| if *millis == 0 { u64::MAX } else { *millis });
        let listed = match longest {
            Some(millis) => self.list(entry, millis, None).await,
            None => Ok(None),
        };
        for mut operation in operations {
            let alone = match operation.listed_as_seen().zip(operation.lists()) {
                Some((seen, millis)) => Some(self.list(entry, millis, Some(seen)).await),
                None => None,
            };
            if matches!(alone, Some(Ok(None))) {
                operation.overtaken();
                continue;
            }
            match alone.as_ref().unwrap_or(&listed) {
                Ok(Some(tally)) => operation.listed(*tally),
                Err(fault) if operation.lists().is_some() => {
                    operation.finish(Err(fault.clone()));
                    continue;
                }
                _ => {}
            }
            if operation.bytes() >= LARGE {
                let Some(sealed) = self.seal(operation).await else { continue };
                operation = sealed;
            }
            match operation.fence().filter(|_| self.looks_itself()).cloned() {
                Some(fence) => self.send_fenced(operation, &fence).await,
                None if self.is_suspect(operation.bytes()) => self.send_alone(operation).await,
                None => self.requests.send(operation),
            }
        }
    }

    /// Seals a value on a thread where that holds nothing up. An operation that cannot be sealed is dropped,
    /// which its caller notices.
    async fn seal(&self, mut operation: Box<dyn Operation>) -> Option<Box<dyn Operation>> {
        let seal = move || {
            catch_unwind(AssertUnwindSafe(|| operation.prepare())).ok()?;
            Some(operation)
        };
        self.runtime.spawn_blocking(seal).await.ok().flatten()
    }

    /// The operations on an entry that have come meanwhile. If there are none, later ones no longer wait.
    fn next_queued(&self, entry: &[u8]) -> Queue {
        let mut preparing = self.preparing.lock();
        let queued = preparing.entries.get_mut(entry).map(|(_, queue)| std::mem::take(queue));
        let queued = queued.unwrap_or_default();
        if queued.is_empty() {
            preparing.entries.remove(entry);
            self.preparing_count.fetch_sub(1, Ordering::SeqCst);
        }
        queued
    }

    /// Waits until every write that is being prepared now was sent: operations on many keys come after them.
    pub(super) async fn all_prepared(&self) {
        let now = self.preparing.lock().count;
        loop {
            // Listens before it looks: it misses no end in between.
            let prepared = self.prepared.notified();
            if self.preparing.lock().entries.values().all(|(number, _)| *number > now) {
                return;
            }
            prepared.await;
        }
    }

    /// Lists an entry that is about to be written on another node, unless its load was overtaken.
    async fn list(
        self: &Arc<Self>,
        entry: &[u8],
        millis: u64,
        seen: Option<Count>,
    ) -> Result<Option<Tally>, Fault> {
        let listing = self.listing(entry, millis, seen.clone());
        let mut changed = self.change(&self.names.sets().0, listing).await?;
        match (&mut changed, seen) {
            (changed, _) if changed.says(0) => return Ok(None),
            (Changed::Singly(answers), Some(seen)) => {
                let standing = answers.pop().ok_or_else(Fault::unexpected)?;
                if !marks::stands(&standing, &seen, self.names.key(entry).unwrap_or_default()) {
                    // It was listed all the same.
                    let store = RedisStore { shared: Arc::clone(self) };
                    return store.note_over(&[entry.to_vec()]).await.map(|()| None);
                }
            }
            _ => {}
        }
        Tally::of_changed(changed).map(Some)
    }
}
