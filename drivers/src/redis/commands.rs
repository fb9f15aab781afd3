//! Operations as commands of Redis, and the meaning of their answers.

use redis::{Cmd, ServerError, Value, cluster_routing::Slot, cmd};
use tokio::sync::oneshot;

use super::{
    batch::{Answers, Operation},
    client::failure_of_client,
    fault::{Fault, FaultKind, is_unavailable},
};

/// Removes a lock if it is still its owner's. Key: lock; argument: token.
const RELEASE: &str =
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end";

/// Some commands on one slot, and the receiver of their answers.
pub(super) struct Commands {
    slot: Slot,
    commands: Vec<Cmd>,
    /// Whether they may be run twice.
    pub(super) repeats: bool,
    reply: oneshot::Sender<Result<Vec<Value>, Fault>>,
}

impl Commands {
    /// Commands whose answers are waited for.
    pub(super) fn asked(
        key: &[u8],
        commands: Vec<Cmd>,
    ) -> (Box<Commands>, oneshot::Receiver<Result<Vec<Value>, Fault>>) {
        let (sender, receiver) = oneshot::channel();
        (Box::new(Commands { slot: Slot::for_key(key), commands, repeats: false, reply: sender }), receiver)
    }
}

impl Operation for Commands {
    fn slot(&self) -> Slot {
        self.slot
    }

    fn repeats(&self) -> bool {
        self.repeats
    }

    fn commands(&mut self, add: &mut dyn FnMut(Cmd)) {
        self.commands.drain(..).for_each(add);
    }

    fn finish(self: Box<Self>, answers: Answers<'_>) {
        drop(self.reply.send(answers.map(Iterator::collect)));
    }
}

/// `GET` and `PTTL` of an entry.
pub(super) fn get(entry: &[u8]) -> [Cmd; 2] {
    [one("GET", entry), one("PTTL", entry)]
}

/// `SET` for a lifetime in milliseconds, without end for 0.
pub(super) fn set(entry: &[u8], payload: &[u8], millis: u64) -> Cmd {
    let mut command = one("SET", entry);
    command.arg(payload);
    if millis > 0 {
        command.arg("PX").arg(millis);
    }
    command
}

/// `SET NX` of a lock.
pub(super) fn acquire(lock: &[u8], token: &str, millis: u64) -> Cmd {
    let mut command = set(lock, token.as_bytes(), millis);
    command.arg("NX");
    command
}

pub(super) fn release(lock: &[u8], token: &str) -> Cmd {
    let mut command = cmd("EVAL");
    command.arg(RELEASE).arg(1).arg(lock).arg(token);
    command
}

/// The same without a script, by the commands of Valkey 9 and of Redis 8.4 that remove a key if it has a value. On
/// other servers the last answer tells whose lock it still is. A `touchy` proxy gets no new commands.
pub(super) fn release_singly(lock: &[u8], token: &str, touchy: bool) -> Vec<Cmd> {
    if touchy {
        return vec![one("GET", lock)];
    }
    let (mut valkey, mut redis) = (one("DELIFEQ", lock), one("DELEX", lock));
    valkey.arg(token);
    redis.arg("IFEQ").arg(token);
    vec![valkey, redis, one("GET", lock)]
}

/// A command on one key.
pub(super) fn one(name: &str, key: &[u8]) -> Cmd {
    let mut command = cmd(name);
    command.arg(key);
    command
}

/// A command on members of a set.
pub(super) fn of_members<'a>(name: &str, set: &[u8], members: impl IntoIterator<Item = &'a Vec<u8>>) -> Cmd {
    let mut command = one(name, set);
    members.into_iter().for_each(|member| {
        command.arg(member.as_slice());
    });
    command
}

/// Lists an entry that is written now. `millis` is its lifetime in milliseconds, 0 for ever.
pub(super) fn list(index: &[u8], expiry: &[u8], member: &[u8], now: u64, millis: u64) -> Vec<Cmd> {
    let (mut written, mut ends) = (one("ZADD", index), one("ZADD", expiry));
    written.arg(now).arg(member);
    ends.arg(end(now, millis)).arg(member);
    vec![written, ends]
}

/// The end of a lifetime in milliseconds, 0 for ever, as a score.
pub(super) fn end(now: u64, millis: u64) -> String {
    if millis > 0 { now.saturating_add(millis).to_string() } else { "+inf".to_owned() }
}

/// Counts the index: its members, those with a known end, the expired ones, and those that expired before `due`.
pub(super) fn tally(index: &[u8], expiry: &[u8], now: u64, due: u64) -> Vec<Cmd> {
    let over = |until: u64| {
        let mut command = one("ZCOUNT", expiry);
        command.arg("(-inf").arg(until);
        command
    };
    vec![one("ZCARD", index), known(expiry), over(now), over(due)]
}

/// How many members have a known end. The bound excludes the member before all times, which shows that the sets are
/// whole.
pub(super) fn known(expiry: &[u8]) -> Cmd {
    let mut command = one("ZCOUNT", expiry);
    command.arg("(-inf").arg("+inf");
    command
}

/// An answer that is no error.
pub(super) fn sound(value: Value) -> Result<Value, Fault> {
    match value {
        Value::ServerError(error) => Err(refused(&error)),
        value => Ok(value),
    }
}

/// The fault for an error among the answers: the server is up, unless it says that it cannot be used now.
pub(super) fn refused(error: &ServerError) -> Fault {
    if let Some(why) = failure_of_client(error) {
        return Fault::new(FaultKind::Disconnected, why);
    }
    let unavailable = error.kind().is_some_and(is_unavailable);
    let kind = if unavailable { FaultKind::Disconnected } else { FaultKind::Server };
    Fault::new(kind, format!("Redis: {error}"))
}

/// An answer that is a list of texts.
pub(super) fn texts(value: Value) -> Result<Vec<Vec<u8>>, Fault> {
    let Value::Array(values) = value else { return Err(Fault::unexpected()) };
    let text = |value| match value {
        Value::BulkString(text) => Ok(text),
        _ => Err(Fault::unexpected()),
    };
    values.into_iter().map(text).collect()
}

/// An answer that is a score; `None` where there is none.
pub(super) fn score(value: &Value) -> Option<f64> {
    match value {
        Value::Double(score) => Some(*score),
        Value::Int(score) => Some(*score as f64),
        Value::BulkString(text) => std::str::from_utf8(text).ok()?.parse().ok(),
        _ => None,
    }
}

/// The next answer, an error of its own as a fault.
pub(super) fn next(answers: &mut dyn Iterator<Item = Value>) -> Result<Value, Fault> {
    answers.next().ok_or_else(Fault::unexpected).and_then(sound)
}

/// An answer that is a number. A client that is driven may tell it in digits, as `stringNumbers` of `ioredis` has it.
pub(super) fn integer(value: &Value) -> Result<i64, Fault> {
    let number = match value {
        Value::Int(number) => Some(*number),
        Value::Boolean(yes) => Some(i64::from(*yes)),
        Value::BulkString(digits) => std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()),
        _ => None,
    };
    number.ok_or_else(Fault::unexpected)
}

/// An answer that is a count.
pub(super) fn count(value: &Value) -> Result<u64, Fault> {
    integer(value).map(|number| u64::try_from(number).unwrap_or(0))
}
