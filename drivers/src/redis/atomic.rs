//! An operation that changes entries and the index in one step, by the means that the server allows.

use std::sync::Arc;

use lazy_layers_engine::codec::Metadata;
use redis::{Cmd, ServerError, ServerErrorKind, Value, cluster_routing::Slot, cmd};
use tokio::sync::oneshot;

use super::{
    batch::{Answers, Operation},
    commands,
    fault::{Fault, FaultKind},
    fence::Fence,
    scripts::{self, Mode, Script, refuses},
    shared::{Kind, Share},
    store::{LARGE, Payloads, StoreState},
};

/// How often an operation is sent again because the server does not know its script, or refuses scripts.
const ATTEMPTS: u8 = 4;

/// The result of an operation.
#[derive(Debug)]
pub(super) enum Changed {
    /// The result of the script.
    Scripted(Value),
    /// The answers to the commands in its place.
    Singly(Vec<Value>),
    /// The answers to the commands of [`Mode::Bare`], which counts nothing.
    Bare(Vec<Value>),
}

/// A change: its script, or its commands.
pub(super) struct Change {
    pub(super) script: &'static Script,
    pub(super) keys: Vec<Vec<u8>>,
    pub(super) arguments: Vec<Vec<u8>>,
    /// Whether the writes depend on a read: then a transaction cannot replace the script.
    pub(super) decides: bool,
    /// The commands that do the same without a script, if there are any.
    pub(super) otherwise: Option<scripts::Commands>,
}

pub(super) struct Atomic<P> {
    shared: Arc<StoreState<P>>,
    change: Change,
    slot: Slot,
    /// If the first argument is a packed value that has yet to be sealed: its metadata.
    packed: Option<Metadata>,
    /// The conditions that the script looks at.
    pub(super) fence: Option<Arc<Fence>>,
    /// The names between which `RENAME` moves the value that the script has stored.
    pub(super) renames: Option<(Vec<u8>, Vec<u8>)>,
    /// If it may be sent together with others: with those of that kind.
    pub(super) kind: Option<Kind>,
    /// Whether it was sent so.
    is_shared: bool,
    /// The mode and the link by which it was sent last.
    sent: Option<(Mode, u64)>,
    /// The script was sent before it.
    loads: bool,
    attempts: u8,
    alone: bool,
    reply: Option<oneshot::Sender<Result<Changed, Fault>>>,
}

impl<P: Payloads> StoreState<P> {
    /// The operation that makes a change, and its result. `key` is a key of its slot.
    pub(super) fn atomic(
        self: &Arc<Self>,
        key: &[u8],
        change: Change,
        packed: Option<Metadata>,
    ) -> (Box<Atomic<P>>, oneshot::Receiver<Result<Changed, Fault>>) {
        let (reply, received) = oneshot::channel();
        let operation = Atomic { reply: Some(reply), ..self.silent(key, change, packed) };
        (Box::new(operation), received)
    }

    /// A change without a waiting caller.
    pub(super) fn silent(
        self: &Arc<Self>,
        key: &[u8],
        change: Change,
        packed: Option<Metadata>,
    ) -> Atomic<P> {
        Atomic {
            shared: Arc::clone(self),
            change,
            slot: Slot::for_key(key),
            packed,
            fence: None,
            renames: None,
            kind: None,
            is_shared: false,
            sent: None,
            loads: false,
            attempts: 0,
            alone: false,
            reply: None,
        }
    }

    /// Makes a change about a key, in order with the other operations on it.
    pub(super) fn change(
        self: &Arc<Self>,
        key: &[u8],
        change: Change,
    ) -> impl Future<Output = Result<Changed, Fault>> + Send + 'static + use<P> {
        self.change_with(key, change, None)
    }

    /// The same, perhaps together with others of that kind.
    pub(super) fn change_with(
        self: &Arc<Self>,
        key: &[u8],
        change: Change,
        kind: Option<Kind>,
    ) -> impl Future<Output = Result<Changed, Fault>> + Send + 'static + use<P> {
        let (mut operation, received) = self.atomic(key, change, None);
        operation.kind = kind;
        self.request(key, operation);
        async move { received.await.unwrap_or_else(|_| Err(Fault::closed())) }
    }
}

impl<P> StoreState<P> {
    /// The mode of changes over that link, see [`scripts::Scripting::mode`].
    pub(super) fn mode(&self, link: u64, decides: bool) -> Mode {
        match &self.supervised.access.client {
            None => self.scripting.mode(link, decides),
            // A pipeline of a client is no transaction.
            Some(client) if client.runs_scripts() && self.scripting.runs_scripts(link) => Mode::Scripts,
            Some(_) => Mode::Bare,
        }
    }

    /// The server refuses a mode.
    pub(super) fn refuse(&self, refused: Mode, error: &ServerError, link: u64) {
        self.scripting.refuse(refused, link);
        self.scripting.complain_of(error, self.mode(link, true), &self.place);
    }
}

enum Verdict {
    Done(Result<Changed, Fault>),
    Again,
}

impl<P: Payloads> Atomic<P> {
    /// Whether a script is called with its text, and whether it is sent before.
    fn way_of(&self, script: &'static Script, link: u64) -> (bool, bool) {
        let StoreState { supervised, scripting, .. } = &*self.shared;
        // An unknown script is sent as a whole: the server has forgotten it, or it is another node.
        // Clients may keep scripts under names of their own, and send some to other nodes.
        let is_driven = supervised.access.client.is_some();
        let as_a_whole = self.alone || self.attempts > 0 || is_driven || supervised.is_touchy();
        (as_a_whole, !as_a_whole && scripting.is_new(script, link))
    }

    fn judge(&mut self, mut values: Vec<Value>) -> Verdict {
        let Some((mode, link)) = self.sent else { return Verdict::Done(Err(Fault::unexpected())) };
        if self.loads {
            // If loading was denied, the call of the script says that it is not known.
            values.remove(0);
        }
        if self.renames.is_some()
            && mode == Mode::Scripts
            && matches!(values.last(), Some(Value::Array(_)))
            && let Some(Value::Array(answers)) = values.pop()
        {
            // `RENAME` finds nothing where the script has stored nothing.
            values = answers.into_iter().take(1).collect();
        }
        let error = values.iter().find_map(|value| match value {
            // If a transaction is not run, the refused command has the reason.
            Value::ServerError(error) if error.kind() != Some(ServerErrorKind::ExecAbort) => Some(error),
            _ => None,
        });
        if let Some(error) = error {
            let unknown = error.kind() == Some(ServerErrorKind::NoScript) && mode == Mode::Scripts;
            if std::mem::take(&mut self.is_shared) {
                // The error may be about another one: it is sent alone.
                self.kind = None;
                if unknown {
                    self.shared.scripting.forget();
                }
                return Verdict::Again;
            }
            let refused = matches!(mode, Mode::Scripts | Mode::Transactions) && refuses(error);
            if refused {
                self.shared.refuse(mode, error, link);
            }
            if (unknown || (refused && self.change.otherwise.is_some()))
                && !self.alone
                && self.attempts < ATTEMPTS
            {
                return Verdict::Again;
            }
            return Verdict::Done(Err(commands::refused(error)));
        }
        Verdict::Done(match mode {
            Mode::Scripts => values.pop().map(Changed::Scripted).ok_or_else(Fault::unexpected),
            Mode::Transactions => match values.pop().map(commands::sound) {
                Some(Ok(Value::Array(answers))) => {
                    answers.into_iter().map(commands::sound).collect::<Result<_, _>>().map(Changed::Singly)
                }
                Some(Err(fault)) => Err(fault),
                _ => Err(Fault::unexpected()),
            },
            Mode::Singly => Ok(Changed::Singly(values)),
            Mode::Bare => Ok(Changed::Bare(values)),
        })
    }
}

impl<P: Payloads> Operation for Atomic<P> {
    fn slot(&self) -> Slot {
        self.slot
    }

    fn prepare(&mut self) {
        if let Some(metadata) = self.packed.take() {
            let packed = std::mem::take(&mut self.change.arguments[0]);
            self.change.arguments[0] = self.shared.payloads.seal(packed, &metadata);
        }
    }

    fn bytes(&self) -> usize {
        self.change.arguments.first().map_or(0, Vec::len)
    }

    fn goes_alone(&mut self) {
        self.alone = true;
    }

    fn fence(&self) -> Option<&Arc<Fence>> {
        self.fence.as_ref()
    }

    fn overtaken(self: Box<Self>) {
        self.end(Ok(Changed::Scripted(Value::Int(0))));
    }

    fn shares(&mut self) -> Option<Share> {
        let kind = self.kind.filter(|_| self.attempts == 0 && !self.alone)?;
        let link = self.shared.links();
        if self.shared.mode(link, self.change.decides) != kind.mode() {
            return None;
        }
        self.prepare();
        self.sent = Some((kind.mode(), link));
        Some(Share {
            store: Arc::as_ptr(&self.shared).addr(),
            kind,
            bytes: kind.bytes(&self.change),
            takes_many: self.shared.supervised.servers.writes_many(),
        })
    }

    fn shared(&mut self) -> Option<&Change> {
        self.is_shared = true;
        Some(&self.change)
    }

    fn call(&mut self, change: &Change, add: &mut dyn FnMut(Cmd)) -> bool {
        let Change { script, keys, arguments, .. } = change;
        let (as_a_whole, loads) = self.way_of(script, self.shared.links());
        if loads {
            add(script.load());
        }
        add(script.call(as_a_whole, keys, arguments));
        loads
    }

    fn commands(&mut self, add: &mut dyn FnMut(Cmd)) {
        self.prepare();
        let Change { script, keys, arguments, decides, otherwise } = &self.change;
        let link = self.shared.links();
        let mode = if otherwise.is_some() { self.shared.mode(link, *decides) } else { Mode::Scripts };
        let (as_a_whole, loads) = match mode {
            Mode::Scripts => self.way_of(script, link),
            _ => (false, false),
        };
        self.loads = loads;
        self.sent = Some((mode, link));
        self.attempts += 1;
        if self.loads {
            add(script.load());
        }
        match (mode, otherwise) {
            (Mode::Transactions, Some(otherwise)) => {
                add(cmd("MULTI"));
                otherwise(mode, keys, arguments).into_iter().for_each(&mut *add);
                add(cmd("EXEC"));
            }
            (Mode::Singly | Mode::Bare, Some(otherwise)) => {
                otherwise(mode, keys, arguments).into_iter().for_each(add)
            }
            _ => match &self.renames {
                None => add(script.call(as_a_whole, keys, arguments)),
                Some((from, to)) => {
                    let mut rename = commands::one("RENAME", from);
                    rename.arg(to.as_slice());
                    let call = script.call(as_a_whole, keys, arguments);
                    [cmd("MULTI"), call, rename, cmd("EXEC")].into_iter().for_each(add);
                }
            },
        }
    }

    fn finish(mut self: Box<Self>, answers: Answers<'_>) {
        let verdict = match answers {
            Ok(answers) => self.judge(answers.collect()),
            Err(fault) => Verdict::Done(Err(fault)),
        };
        let result = match verdict {
            Verdict::Again => {
                let shared = Arc::clone(&self.shared);
                match self.fence.clone().filter(|_| shared.looks_itself()) {
                    Some(fence) => shared.prepare_first(fence.entry.clone(), self),
                    None => shared.requests.send(self),
                }
                return;
            }
            Verdict::Done(result) => result,
        };
        if let Err(fault) = &result
            && self.sent.is_some()
            && self.bytes() >= LARGE
            && !self.alone
        {
            self.shared.suspect(self.bytes(), fault);
        }
        self.end(result);
    }
}

impl<P> Atomic<P> {
    /// Tells the waiting caller.
    pub(super) fn end(self, result: Result<Changed, Fault>) {
        if let Some(reply) = self.reply {
            drop(reply.send(result));
        }
    }
}

impl Changed {
    /// Whether this is a script's answer, and that number.
    pub(super) fn says(&self, number: i64) -> bool {
        matches!(self, Changed::Scripted(value) if commands::integer(value).is_ok_and(|said| said == number))
    }

    /// The number that a script returns; `otherwise` for commands.
    pub(super) fn number(self, otherwise: i64) -> Result<i64, Fault> {
        match self {
            Changed::Scripted(value) => commands::integer(&value),
            Changed::Singly(_) | Changed::Bare(_) => Ok(otherwise),
        }
    }

    /// The numbers that a script or the commands return.
    pub(super) fn numbers(self) -> Result<Vec<u64>, Fault> {
        let values = match self {
            Changed::Scripted(Value::Array(values)) | Changed::Singly(values) => values,
            Changed::Scripted(_) | Changed::Bare(_) => return Err(Fault::unexpected()),
        };
        values.iter().map(commands::count).collect()
    }

    /// The texts that a script returns.
    pub(super) fn texts(self) -> Result<Vec<Vec<u8>>, Fault> {
        let Changed::Scripted(Value::Array(values)) = self else {
            return Err(Fault::new(FaultKind::Server, "only a script can tell that"));
        };
        let text = |value| match value {
            Value::BulkString(text) => Ok(text),
            _ => Err(Fault::unexpected()),
        };
        values.into_iter().map(text).collect()
    }
}
