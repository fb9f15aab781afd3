//! Writes: values are sealed on their way, large ones on a thread of their own. Where the index is in the slot of the
//! entry both are written in one step, elsewhere the entry is listed before it is written.

use std::sync::Arc;

use redis::{Cmd, Value, cluster_routing::Slot};
use tokio::sync::oneshot;

use super::{
    atomic::{Change, Changed},
    batch::{Answers, Operation},
    commands,
    fault::Fault,
    scripts::{self, Mode},
    store::{LARGE, Payload, Payloads, RedisStore, StoreState},
    tidy::Tally,
};

/// A value to be written.
pub(super) struct Writing {
    pub(super) entry: Vec<u8>,
    pub(super) payload: Payload,
    /// As `PX` takes it; 0 for ever.
    pub(super) millis: u64,
    /// The most entries; those beyond are removed.
    pub(super) most: Option<u64>,
    /// Only if the lock of that name is still the token's.
    pub(super) owner: Option<(Vec<u8>, String)>,
}

impl<P: Payloads> RedisStore<P> {
    /// Writes a value; false when the lock is another's.
    pub(super) fn write(
        &self,
        writing: Writing,
    ) -> impl Future<Output = Result<bool, Fault>> + Send + 'static + use<P> {
        let (store, most) = (self.clone(), writing.most);
        let written = if self.shared.names.index.is_some() && !self.shared.names.is_clustered() {
            Written::Together(self.shared.write_together(writing))
        } else {
            Written::Apart(self.shared.write_apart(writing))
        };
        async move {
            match written {
                Written::Apart(received) => {
                    let (value, tally) = received.await.unwrap_or_else(|_| Err(Fault::closed()))?;
                    store.tidy_apart(tally, most).await?;
                    Ok(value != Value::Int(0))
                }
                Written::Together(received) => {
                    match received.await.unwrap_or_else(|_| Err(Fault::closed()))? {
                        Changed::Scripted(Value::Int(0)) => Ok(false),
                        Changed::Scripted(Value::Int(2)) => store.tidy_together(most).await.map(|()| true),
                        Changed::Scripted(_) => Ok(true),
                        Changed::Singly(answers) if answers.len() > WRITTEN => {
                            let tally = Tally::of(&answers[WRITTEN..])?;
                            store.tidy_apart(Some(tally), most).await.map(|()| true)
                        }
                        Changed::Singly(_) => {
                            store.tidy_sometimes();
                            Ok(true)
                        }
                    }
                }
            }
        }
    }
}

/// The commands that list and write an entry.
const WRITTEN: usize = 3;

enum Written {
    Together(oneshot::Receiver<Result<Changed, Fault>>),
    Apart(oneshot::Receiver<ApartResult>),
}

/// The answer to the write, and how the index stands if there is one.
type ApartResult = Result<(Value, Option<Tally>), Fault>;

impl<P: Payloads> StoreState<P> {
    fn write_together(self: &Arc<Self>, writing: Writing) -> oneshot::Receiver<Result<Changed, Fault>> {
        let Writing { entry, payload, millis, most, owner } = writing;
        let (payload, packed) = match payload {
            Payload::Packed(bytes) => (bytes, true),
            Payload::Sealed(bytes) => (bytes, false),
        };
        let is_large = payload.len() >= LARGE;
        let (index, expiry) = self.names.sets();
        let mut keys = vec![entry.clone(), index, expiry];
        let mut arguments = vec![
            payload,
            text(millis),
            self.names.member(&entry).to_vec(),
            self.names.before_members().to_vec(),
            most.map_or_else(|| b"-1".to_vec(), text),
            self.options.delete_strategy.command().into(),
            text(self.clock.wall_millis()),
        ];
        let decides = owner.is_some() || most.is_some();
        let otherwise: Option<scripts::Commands> = match (&owner, most) {
            // Without a script nobody can tell whose the lock is at the moment of the write.
            (Some(_), _) => None,
            (None, Some(_)) => Some(write_and_count),
            (None, None) => Some(write_singly),
        };
        if let Some((lock, token)) = owner {
            keys.push(lock);
            arguments.push(token.into_bytes());
        }
        let change = Change { script: &scripts::WRITE, keys, arguments, decides, otherwise };
        let (operation, received) = self.atomic(&entry, change, packed);
        self.send_write(entry, operation, is_large);
        received
    }

    fn write_apart(self: &Arc<Self>, writing: Writing) -> oneshot::Receiver<ApartResult> {
        let (reply, received) = oneshot::channel();
        let entry = writing.entry.clone();
        let (Payload::Packed(bytes) | Payload::Sealed(bytes)) = &writing.payload;
        let is_large = bytes.len() >= LARGE;
        let is_listed = self.names.index.is_some();
        let operation = WriteApart {
            shared: Arc::clone(self),
            slot: Slot::for_key(&entry),
            writing,
            tally: None,
            is_listed,
            was_sent: false,
            alone: false,
            reply,
        };
        self.send_write(entry, Box::new(operation), is_large || is_listed);
        received
    }

    /// Sends a write, after its preparation.
    fn send_write(self: &Arc<Self>, entry: Vec<u8>, operation: Box<dyn Operation>, waits: bool) {
        if waits {
            self.prepare_first(entry, operation);
        } else {
            self.request(&entry, operation);
        }
    }
}

/// The work of the script for the entry, by commands: those that list come first.
fn write_singly(_: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    let (millis, now) = (number(&arguments[1]), number(&arguments[6]));
    let mut asked = commands::list(&keys[1], &keys[2], &arguments[2], now, millis);
    asked.push(commands::set(&keys[0], &arguments[0], millis));
    asked
}

/// The same, and how the index stands then.
fn write_and_count(mode: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    let now = number(&arguments[6]);
    let mut asked = write_singly(mode, keys, arguments);
    asked.extend(commands::tally(&keys[1], &keys[2], now, now));
    asked
}

/// A number as an argument.
pub(super) fn text(number: u64) -> Vec<u8> {
    number.to_string().into_bytes()
}

/// A number among the arguments of a script.
pub(super) fn number(argument: &[u8]) -> u64 {
    std::str::from_utf8(argument).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// A write of an entry alone: it is listed before, on another node, or nowhere.
struct WriteApart<P> {
    shared: Arc<StoreState<P>>,
    slot: Slot,
    writing: Writing,
    tally: Option<Tally>,
    is_listed: bool,
    was_sent: bool,
    alone: bool,
    reply: oneshot::Sender<ApartResult>,
}

impl<P: Payloads> WriteApart<P> {
    fn answer(mut answers: Answers<'_>) -> Result<Value, Fault> {
        answers.as_mut().map_err(|fault| fault.clone()).and_then(|answers| commands::next(*answers))
    }
}

impl<P: Payloads> Operation for WriteApart<P> {
    fn slot(&self) -> Slot {
        self.slot
    }

    fn lists(&self) -> Option<u64> {
        self.is_listed.then_some(self.writing.millis)
    }

    fn listed(&mut self, tally: Tally) {
        self.tally = Some(tally);
    }

    fn prepare(&mut self) {
        if let Payload::Packed(packed) = &mut self.writing.payload {
            let sealed = self.shared.payloads.seal(std::mem::take(packed));
            self.writing.payload = Payload::Sealed(sealed);
        }
    }

    fn bytes(&self) -> usize {
        let (Payload::Packed(bytes) | Payload::Sealed(bytes)) = &self.writing.payload;
        bytes.len()
    }

    fn goes_alone(&mut self) {
        self.alone = true;
    }

    fn commands(&mut self, add: &mut dyn FnMut(Cmd)) {
        self.prepare();
        self.was_sent = true;
        let Writing { entry, payload, millis, owner, .. } = &self.writing;
        let (Payload::Packed(payload) | Payload::Sealed(payload)) = payload;
        add(match owner {
            Some((lock, token)) => commands::set_if_owner(entry, lock, payload, token, *millis),
            None => commands::set(entry, payload, *millis),
        });
    }

    fn finish(self: Box<Self>, answers: Answers<'_>) {
        let written = Self::answer(answers);
        if let Err(fault) = &written
            && self.was_sent
            && self.bytes() >= LARGE
            && !self.alone
        {
            self.shared.suspect(self.bytes(), fault);
        }
        let tally = self.tally;
        drop(self.reply.send(written.map(|value| (value, tally))));
    }
}
