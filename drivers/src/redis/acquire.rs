//! Takes locks that are asked for at the same time by one script, in a cluster those of one slot. If two instances load
//! the same keys, one of them gets all free locks, while single commands would let each take some.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use parking_lot::Mutex;
use redis::{Cmd, Value, cluster_routing::Slot};
use tokio::sync::oneshot;

use super::{
    atomic::{Atomic, Change, Changed},
    batch::{Answers, Operation},
    commands,
    fault::Fault,
    scripts::{self, Mode},
    store::{Payloads, StoreState},
    write::{number, text},
};
use crate::wakes::together;

/// The most locks of one script, so that it does not hold up the server.
const MOST: usize = 500;

/// Whether a lock was taken.
type Taken = Result<bool, Fault>;

/// A lock that is wanted.
struct Wanted {
    name: Vec<u8>,
    token: String,
    reply: oneshot::Sender<Taken>,
}

/// The locks that are about to be asked for, in a cluster by slot.
pub(super) type Wanting = Mutex<HashMap<Option<Slot>, Arc<Acquiring>>>;

/// Locks of one slot, with the same lifetime, that are about to be asked for; `None` afterwards.
pub(super) struct Acquiring {
    millis: u64,
    wanted: Mutex<Option<Vec<Wanted>>>,
}

impl Acquiring {
    /// Adds a lock. If it is too late for that, returns the lock.
    fn add(&self, wanted: Wanted, millis: u64) -> Option<Wanted> {
        match &mut *self.wanted.lock() {
            Some(others) if self.millis == millis && others.len() < MOST => {
                others.push(wanted);
                None
            }
            _ => Some(wanted),
        }
    }
}

impl<P: Payloads> StoreState<P> {
    /// Takes a lock, together with the others that are wanted before it is sent.
    pub(super) fn acquire(
        self: &Arc<Self>,
        name: Vec<u8>,
        token: String,
        millis: u64,
    ) -> oneshot::Receiver<Taken> {
        let (reply, received) = oneshot::channel();
        let slot = self.names.is_clustered().then(|| Slot::for_key(&name));
        let wanted = Wanted { name, token, reply };
        let mut pending = self.acquiring.lock();
        let wanted = match pending.entry(slot) {
            Entry::Occupied(acquiring) => match acquiring.get().add(wanted, millis) {
                None => return received,
                Some(wanted) => wanted,
            },
            Entry::Vacant(_) => wanted,
        };
        let name = wanted.name.clone();
        let acquiring = Arc::new(Acquiring { millis, wanted: Mutex::new(Some(vec![wanted])) });
        pending.insert(slot, Arc::clone(&acquiring));
        drop(pending);
        let operation =
            Acquire { shared: Arc::clone(self), slot: Slot::for_key(&name), acquiring, sent: Sent::No };
        self.request(&name, Box::new(operation));
        received
    }
}

enum Sent<P> {
    No,
    /// Takes one lock by a command.
    One(oneshot::Sender<Taken>),
    Several(Box<Atomic<P>>),
}

struct Acquire<P> {
    shared: Arc<StoreState<P>>,
    slot: Slot,
    acquiring: Arc<Acquiring>,
    sent: Sent<P>,
}

impl<P: Payloads> Operation for Acquire<P> {
    fn slot(&self) -> Slot {
        self.slot
    }

    fn commands(&mut self, add: &mut dyn FnMut(Cmd)) {
        let mut wanted = self.acquiring.wanted.lock().take().unwrap_or_default();
        self.shared.acquiring.lock().retain(|_, other| !Arc::ptr_eq(other, &self.acquiring));
        let millis = self.acquiring.millis;
        if wanted.len() == 1
            && let Some(Wanted { name, token, reply }) = wanted.pop()
        {
            add(commands::acquire(&name, &token, millis));
            self.sent = Sent::One(reply);
            return;
        }
        let mut keys = Vec::with_capacity(wanted.len());
        let mut arguments = vec![text(millis)];
        let mut replies = Vec::with_capacity(wanted.len());
        for Wanted { name, token, reply } in wanted {
            keys.push(name);
            arguments.push(token.into_bytes());
            replies.push(reply);
        }
        let key = keys.first().cloned().unwrap_or_default();
        let otherwise: scripts::Commands = acquire_singly;
        let change =
            Change { script: &scripts::ACQUIRE, keys, arguments, decides: true, otherwise: Some(otherwise) };
        let (mut atomic, received) = self.shared.atomic(&key, change, None);
        atomic.commands(add);
        self.sent = Sent::Several(atomic);
        self.shared.runtime.spawn(async move {
            let taken = received.await.unwrap_or_else(|_| Err(Fault::closed())).and_then(taken);
            together(|| {
                for (at, reply) in replies.into_iter().enumerate() {
                    let own = taken.as_ref().map_err(Clone::clone);
                    drop(
                        reply
                            .send(own.and_then(|taken| taken.get(at).copied().ok_or_else(Fault::unexpected))),
                    );
                }
            });
        });
    }

    fn finish(self: Box<Self>, answers: Answers<'_>) {
        match self.sent {
            Sent::One(reply) => {
                let taken = answers.and_then(commands::next).map(|answer| answer == Value::Okay);
                drop(reply.send(taken));
            }
            Sent::Several(atomic) => atomic.finish(answers),
            Sent::No => {
                let fault = answers.err().unwrap_or_else(Fault::unexpected);
                let pending = &mut *self.shared.acquiring.lock();
                pending.retain(|_, other| !Arc::ptr_eq(other, &self.acquiring));
                for wanted in self.acquiring.wanted.lock().take().unwrap_or_default() {
                    drop(wanted.reply.send(Err(fault.clone())));
                }
            }
        }
    }
}

/// The same without a script.
fn acquire_singly(_: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    let millis = number(&arguments[0]);
    let token = |at: usize| String::from_utf8_lossy(&arguments[at + 1]);
    keys.iter().enumerate().map(|(at, name)| commands::acquire(name, &token(at), millis)).collect()
}

fn taken(changed: Changed) -> Result<Vec<bool>, Fault> {
    match changed {
        Changed::Scripted(Value::Array(values)) => {
            values.iter().map(|value| Ok(commands::integer(value)? == 1)).collect()
        }
        Changed::Singly(values) | Changed::Bare(values) => {
            Ok(values.iter().map(|value| *value == Value::Okay).collect())
        }
        Changed::Scripted(_) => Err(Fault::unexpected()),
    }
}
