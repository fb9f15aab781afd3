//! Reads: answers are opened on the threads of the runtime.

use std::sync::Arc;

use lazy_layers_engine::clock::Ttl;
use redis::{Cmd, Value, cluster_routing::Slot};
use tokio::sync::oneshot;

use super::{
    batch::{Answers, Operation},
    client::ClientLink,
    commands,
    counting::Asks,
    fault::{Fault, FaultKind},
    store::{LARGE, Payloads, StoreState, Stored},
};

/// A read.
pub(super) struct Get<P: Payloads> {
    pub(super) shared: Arc<StoreState<P>>,
    pub(super) entry: Vec<u8>,
    /// Whether to ask for the rest of the lifetime.
    pub(super) lifetime: bool,
    /// Whether the count of marks is asked for too.
    pub(super) asks: Option<Asks<P>>,
    /// Whether the count was asked for.
    pub(super) was_asked: bool,
    /// Whether a load follows, and lists the entry anew.
    pub(super) loads: bool,
    pub(super) reply: oneshot::Sender<Read<P::Opened>>,
}

/// The value found under a key.
pub type Found<T> = Result<Option<Stored<T>>, Fault>;

/// The value that was found, and the count if it was asked for.
pub(super) type Read<T> = (Found<T>, Option<u64>);

/// The value of a payload.
pub(super) fn opened<P: Payloads>(
    payloads: &P,
    payload: Vec<u8>,
    left: Ttl,
) -> Result<Stored<P::Opened>, Fault> {
    let corrupt =
        |reason| Fault::new(FaultKind::Corrupt, format!("the value in Redis cannot be read: {reason}"));
    payloads.open(payload).map(|value| Stored { value, left }).map_err(corrupt)
}

impl<P: Payloads> Operation for Get<P> {
    fn slot(&self) -> Slot {
        Slot::for_key(&self.entry)
    }

    /// Reads of other entries do not wait with it for the count.
    fn waits(&mut self) {
        if let Some(asks) = &mut self.asks {
            asks.leave();
        }
    }

    fn commands(&mut self, add: &mut dyn FnMut(Cmd)) {
        let [get, lifetime] = commands::get(&self.entry);
        add(get);
        let client = self.shared.supervised.access.client.as_ref();
        if self.lifetime && client.is_none_or(ClientLink::tells_lifetimes) {
            add(lifetime);
        }
        if let Some(asks) = &mut self.asks {
            self.was_asked = client.is_none() || !self.shared.is_bare();
            asks.commands(self.was_asked, add);
        }
    }

    fn finish(self: Box<Self>, answers: Answers<'_>) {
        let (found, count) = match answers {
            Ok(answers) => match &self.asks {
                Some(asks) => {
                    let mut answers: Vec<Value> = answers.collect();
                    // If nothing is counted, no load is overtaken.
                    let answer = if self.was_asked { answers.pop() } else { Some(Value::Nil) };
                    let count = asks.answer(answer.as_ref());
                    (found(&mut answers.into_iter()), count)
                }
                None => (found(answers), None),
            },
            Err(fault) => (Err(fault), None),
        };
        match found {
            Ok(Some((payload, left))) => self.open(payload, left, count),
            Ok(None) => {
                if !self.loads {
                    self.shared.forget(&self.entry);
                }
                drop(self.reply.send((Ok(None), count)));
            }
            Err(fault) => drop(self.reply.send((Err(fault), count))),
        }
    }
}

impl<P: Payloads> Get<P> {
    fn open(self, payload: Vec<u8>, left: Ttl, count: Option<u64>) {
        let Get { shared, reply, .. } = self;
        let runtime = shared.runtime.clone();
        let large = payload.len() >= LARGE;
        let open = move || {
            drop(reply.send((opened(&*shared.payloads, payload, left).map(Some), count)));
        };
        if large {
            runtime.spawn_blocking(open);
        } else {
            open();
        }
    }
}

/// The payload and the lifetime left in the answers to `GET` and perhaps `PTTL`.
pub(super) fn found(answers: &mut dyn Iterator<Item = Value>) -> Result<Option<(Vec<u8>, Ttl)>, Fault> {
    let payload = match commands::next(answers)? {
        Value::Nil => return Ok(None),
        Value::BulkString(payload) => payload,
        _ => return Err(Fault::unexpected()),
    };
    let Some(left) = answers.next() else { return Ok(Some((payload, Ttl::FOREVER))) };
    Ok(match commands::integer(&commands::sound(left)?)? {
        // It expired between the two.
        -2 => None,
        -1 => Some((payload, Ttl::FOREVER)),
        left => Some((payload, Ttl(u64::try_from(left).unwrap_or(0).max(1) * 1000))),
    })
}
