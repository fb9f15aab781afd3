//! Writes: values are sealed on their way, large ones on a thread of their own. If the index is in the slot of the
//! entry, both are written in one step; else the entry is listed before it is written.

use std::sync::Arc;

use lazy_layers_engine::codec::Metadata;
use redis::{Cmd, Value, cluster_routing::Slot};
use tokio::sync::oneshot;

use super::{
    atomic::{Change, Changed},
    bare,
    batch::{Answers, Operation},
    commands,
    fault::Fault,
    fence::Fence,
    fill_alone::Fenced,
    marks::{self, Seen},
    scripts::{self, Mode},
    shared::Kind,
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
    /// Write only if the token still holds the lock of that name.
    pub(super) owner: Option<(Vec<u8>, String)>,
    /// For a loaded value: write only if no invalidation has overtaken the load.
    pub(super) seen: Option<Seen>,
}

impl<P: Payloads> RedisStore<P> {
    /// Writes a value. Returns false if another holds the lock, or the load was overtaken.
    pub(super) fn write(
        &self,
        writing: Writing,
    ) -> impl Future<Output = Result<bool, Fault>> + Send + 'static + use<P> {
        let (store, most) = (self.clone(), writing.most);
        let entry = writing.entry.clone();
        let fence = Fence::of(&writing).map(Arc::new);
        let written = if self.shared.names.index.is_some() && !self.shared.names.is_clustered() {
            Written::Together(self.shared.write_together(writing, fence.clone()))
        } else if writing.owner.is_some() || writing.seen.is_some() {
            Written::Fenced(self.shared.fill_alone(writing, fence.clone()))
        } else {
            Written::Apart(self.shared.write_apart(writing))
        };
        async move {
            match written {
                Written::Apart(received) => {
                    let (_, tally) = received.await.unwrap_or_else(|_| Err(Fault::closed()))?;
                    store.tidy_apart(tally, most).await.map(|()| true)
                }
                Written::Fenced((received, tally)) => {
                    let mut changed = received.await.unwrap_or_else(|_| Err(Fault::closed()))?;
                    let is_stored = !store.is_overtaken(&entry, &mut changed, fence.as_deref()).await?
                        && changed.number(1)? != 0;
                    let tally = tally.get().copied();
                    if !is_stored && tally.is_some() {
                        // The entry was listed before the write was refused.
                        store.note_over(&[entry]).await?;
                    }
                    store.tidy_apart(tally, most).await?;
                    Ok(is_stored)
                }
                Written::Together(received) => {
                    let mut changed = received.await.unwrap_or_else(|_| Err(Fault::closed()))?;
                    if store.is_overtaken(&entry, &mut changed, fence.as_deref()).await? {
                        return Ok(false);
                    }
                    match changed {
                        Changed::Bare(_) => store.tidy_bare(most).await.map(|()| true),
                        changed if changed.says(0) => Ok(false),
                        changed if changed.says(2) => store.tidy_together(most).await.map(|()| true),
                        // The answer of the script that also tidies.
                        changed if changed.says(3) => Ok(true),
                        Changed::Singly(answers) if answers.len() > WRITTEN => {
                            let tally = Tally::of(&answers[WRITTEN..])?;
                            store.tidy_apart(Some(tally), most).await.map(|()| true)
                        }
                        Changed::Scripted(_) | Changed::Singly(_) => {
                            store.tidy_sometimes();
                            Ok(true)
                        }
                    }
                }
            }
        }
    }

    /// Where scripts are denied, the answers about marks and lock come last. If the conditions of the write do not
    /// hold, the value was written all the same, unless `WATCH` has guarded it, and is removed again.
    async fn is_overtaken(
        &self,
        entry: &[u8],
        changed: &mut Changed,
        fence: Option<&Fence>,
    ) -> Result<bool, Fault> {
        let Some(fence) = fence else { return Ok(false) };
        let names = &self.shared.names;
        let holds = match changed {
            Changed::Scripted(_) => return Ok(false),
            Changed::Singly(answers) => fence.holds(names, &mut last(answers, fence.asks())),
            Changed::Bare(answers) => {
                let fence = fence.without_marks();
                fence.holds(names, &mut last(answers, fence.asks()))
            }
        }?;
        if !holds {
            self.remove(&[entry.to_vec()]).await?;
        }
        Ok(!holds)
    }
}

/// Takes so many answers off the end.
fn last(answers: &mut Vec<Value>, count: usize) -> std::vec::IntoIter<Value> {
    answers.split_off(answers.len().saturating_sub(count)).into_iter()
}

/// The commands that list and write an entry.
const WRITTEN: usize = 3;

/// The place of the lock among the keys.
const LOCK: usize = 4;

enum Written {
    Together(oneshot::Receiver<Result<Changed, Fault>>),
    Apart(oneshot::Receiver<ApartResult>),
    Fenced(Fenced),
}

/// The answer to the write, and how the index stands if there is one.
type ApartResult = Result<(Value, Option<Tally>), Fault>;

impl<P: Payloads> StoreState<P> {
    fn write_together(
        self: &Arc<Self>,
        writing: Writing,
        fence: Option<Arc<Fence>>,
    ) -> oneshot::Receiver<Result<Changed, Fault>> {
        let Writing { entry, payload, millis, most, owner, seen } = writing;
        let (payload, packed) = payload.into_bytes();
        let waits = payload.len() >= LARGE || (fence.is_some() && self.looks_itself());
        let (index, expiry) = self.names.sets();
        let (member, now) = (self.names.member(&entry).to_vec(), text(self.clock.wall_millis()));
        let before_keys = text(self.names.before_keys() as u64);
        let mut keys = vec![entry.clone(), self.names.marks(&entry), index, expiry];
        let stash = self.stash(&entry);
        let kind = match (&seen, &owner, most, &stash) {
            (None, None, None, None) => Some(Kind::Write),
            (Some(_), None, None, None) => Some(Kind::Fill),
            _ => None,
        };
        let change = match (seen, owner, most) {
            // The most frequent case: nothing is tidied.
            (Some(seen), None, None) => {
                let ends = match millis {
                    0 => b"+inf".to_vec(),
                    millis => text(self.clock.wall_millis().saturating_add(millis)),
                };
                let arguments = vec![payload, text(millis), member, now, seen.own, before_keys, ends];
                let (script, otherwise) = (&scripts::FILL, Some(fill_singly as scripts::Commands));
                keys.extend(stash.clone());
                Change { script, keys, arguments, decides: true, otherwise }
            }
            (seen, owner, most) => {
                let decides = owner.is_some() || most.is_some();
                let otherwise: Option<scripts::Commands> = match (&owner, &seen, most) {
                    (Some(_), Some(_), _) => Some(fill_owned),
                    (Some(_), None, _) => Some(write_owned),
                    (None, Some(_), _) => Some(fill_and_count),
                    (None, None, Some(_)) => Some(write_and_count),
                    (None, None, None) => Some(write_singly),
                };
                let mut arguments = vec![
                    payload,
                    text(millis),
                    member,
                    now,
                    Self::own_count(seen.as_ref()),
                    before_keys,
                    self.names.before_members().to_vec(),
                    most.map_or_else(|| b"-1".to_vec(), text),
                    self.options.delete_strategy.command().into(),
                ];
                if let Some((lock, token)) = owner {
                    keys.push(lock);
                    arguments.push(token.into_bytes());
                }
                keys.extend(stash.clone());
                Change { script: &scripts::WRITE, keys, arguments, decides, otherwise }
            }
        };
        let (mut operation, received) = self.atomic(&entry, change, packed);
        operation.fence = fence;
        operation.kind = kind;
        operation.renames = stash.map(|stash| (stash, entry.clone()));
        self.send_write(entry, operation, waits);
        received
    }

    fn write_apart(self: &Arc<Self>, writing: Writing) -> oneshot::Receiver<ApartResult> {
        let (reply, received) = oneshot::channel();
        let entry = writing.entry.clone();
        let is_large = writing.payload.bytes().len() >= LARGE;
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
    pub(super) fn send_write(self: &Arc<Self>, entry: Vec<u8>, operation: Box<dyn Operation>, waits: bool) {
        if waits {
            self.prepare_first(entry, operation);
        } else {
            self.request(&entry, operation);
        }
    }
}

impl Payload {
    /// Its bytes; with metadata if they have yet to be sealed.
    pub(super) fn into_bytes(self) -> (Vec<u8>, Option<Metadata>) {
        match self {
            Payload::Packed(bytes) => (bytes, Some(Metadata::default())),
            Payload::Described(bytes, metadata) => (bytes, Some(metadata)),
            Payload::Sealed(bytes) => (bytes, None),
        }
    }

    fn bytes(&self) -> &[u8] {
        let (Payload::Packed(bytes) | Payload::Described(bytes, _) | Payload::Sealed(bytes)) = self;
        bytes
    }
}

/// The work of the script for the entry, by commands: those that list come first.
fn write_singly(mode: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    if mode == Mode::Bare {
        return bare::write(keys, arguments);
    }
    let (millis, now) = (number(&arguments[1]), number(&arguments[3]));
    let mut asked = commands::list(&keys[2], &keys[3], &arguments[2], now, millis);
    asked.push(commands::set(&keys[0], &arguments[0], millis));
    asked
}

/// The same, and then the counts of the index.
fn write_and_count(mode: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    let now = number(&arguments[3]);
    let mut asked = write_singly(mode, keys, arguments);
    if mode == Mode::Bare {
        return asked;
    }
    asked.extend(commands::tally(&keys[2], &keys[3], now, now));
    asked
}

/// The same for a loaded value, and then the fields that show whether the load was overtaken.
fn fill_singly(mode: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    let mut asked = write_singly(mode, keys, arguments);
    if mode != Mode::Bare {
        asked.push(marks::ask_standing(&keys[1], &keys[0]));
    }
    asked
}

fn fill_and_count(mode: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    let mut asked = write_and_count(mode, keys, arguments);
    if mode != Mode::Bare {
        asked.push(marks::ask_standing(&keys[1], &keys[0]));
    }
    asked
}

/// The same under a lock, and then the holder of the lock.
fn fill_owned(mode: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    let mut asked = fill_and_count(mode, keys, arguments);
    asked.push(commands::one("GET", &keys[LOCK]));
    asked
}

fn write_owned(mode: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    let mut asked = write_and_count(mode, keys, arguments);
    asked.push(commands::one("GET", &keys[LOCK]));
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

/// The write of an entry alone, which is listed before on another node, or nowhere.
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
        let payload = std::mem::replace(&mut self.writing.payload, Payload::Sealed(Vec::new()));
        let (bytes, packed) = payload.into_bytes();
        let sealed = match packed {
            Some(metadata) => self.shared.payloads.seal(bytes, &metadata),
            None => bytes,
        };
        self.writing.payload = Payload::Sealed(sealed);
    }

    fn bytes(&self) -> usize {
        self.writing.payload.bytes().len()
    }

    fn goes_alone(&mut self) {
        self.alone = true;
    }

    fn commands(&mut self, add: &mut dyn FnMut(Cmd)) {
        self.prepare();
        self.was_sent = true;
        let Writing { entry, payload, millis, .. } = &self.writing;
        add(commands::set(entry, payload.bytes(), *millis));
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
