//! Operations, and a pipeline of them that is under way. Each pipeline has its own deadline.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use lazy_layers_engine::clock::{Clock, Time};
use redis::{Arg, Cmd, Pipeline, RedisResult, Value, cluster_routing::Slot};
use tokio::time::timeout;
use tracing::{debug, trace};

use super::{
    atomic::Change,
    connect::Link,
    connection::is_end,
    fault::{Fault, FaultKind, breaks_link, is_unavailable},
    fence::Fence,
    marks::Count,
    shared::Share,
    submit::Submission,
    supervised::{Notice, State, Supervised},
    tidy::Tally,
};
use crate::{targets::REDIS, wakes::together};

/// A pipeline that takes longer is worth a line of the log.
const SLOW: Duration = Duration::from_millis(100);

/// The answers to the commands of an operation, or why there are none.
pub(super) type Answers<'a> = Result<&'a mut dyn Iterator<Item = Value>, Fault>;

/// An operation on Redis.
pub(super) trait Operation: Send {
    /// The slot of its keys.
    fn slot(&self) -> Slot;
    /// Does slow work, on a thread where it holds nothing up. Not called if nothing has to wait anyway.
    fn prepare(&mut self) {}
    /// It waits for a write of its entry that is being prepared.
    fn waits(&mut self) {}
    /// The bytes of the value that it writes, 0 if it writes none.
    fn bytes(&self) -> usize {
        0
    }
    /// It is sent over a connection of its own from here on, and not a second time.
    fn goes_alone(&mut self) {}
    /// Whether its commands may be sent again, although they may have been run. Those that only read always may.
    fn repeats(&self) -> bool {
        false
    }
    /// The lifetime, as `PX` takes it, of an entry that has to be listed on another node before this is sent.
    fn lists(&self) -> Option<u64> {
        None
    }
    /// The invalidation count of the index that it has seen. If it has one, its entry is listed by a command of
    /// its own.
    fn listed_as_seen(&self) -> Option<Count> {
        None
    }
    /// The conditions of a write, which it looks at by a script if the server allows that.
    fn fence(&self) -> Option<&Arc<Fence>> {
        None
    }
    /// The entry was listed; how the index stood.
    fn listed(&mut self, _tally: Tally) {}
    /// It was not written, or its entry not listed, because an invalidation came first: ends the operation.
    fn overtaken(self: Box<Self>) {}
    /// Whether it may be sent together with others. Asked as it is sent.
    fn shares(&mut self) -> Option<Share> {
        None
    }
    /// It is sent so: its part of that.
    fn shared(&mut self) -> Option<&Change> {
        None
    }
    /// Calls the script that makes this and other changes as one. Returns whether the script was sent before.
    fn call(&mut self, _change: &Change, _add: &mut dyn FnMut(Cmd)) -> bool {
        false
    }
    /// Its commands. Called anew each time that it is sent.
    fn commands(&mut self, add: &mut dyn FnMut(Cmd));
    /// Takes the answers: as many as there were commands.
    fn finish(self: Box<Self>, answers: Answers<'_>);
}

/// Commands that change nothing.
const READS: [&[u8]; 15] = [
    b"GET",
    b"PTTL",
    b"EXISTS",
    b"HGET",
    b"MGET",
    b"ZCARD",
    b"ZCOUNT",
    b"ZRANGE",
    b"ZRANGEBYSCORE",
    b"ZSCORE",
    b"SCAN",
    b"ZSCAN",
    b"GETRANGE",
    b"HMGET",
    b"PING",
];

fn only_reads(command: &Cmd) -> bool {
    matches!(command.args_iter().next(), Some(Arg::Simple(name)) if READS.contains(&name))
}

pub(super) fn fail(operations: &mut Submission, fault: &Fault) {
    for operation in operations.drain(..) {
        operation.finish(Err(fault.clone()));
    }
}

/// A pipeline under way.
pub(super) struct Batch {
    pub(super) operations: Submission,
    pub(super) counts: Vec<usize>,
    pub(super) slot: Slot,
    pub(super) number: u64,
    pub(super) link: Link,
    pub(super) supervised: Supervised,
    pub(super) place: String,
    pub(super) deadline: Duration,
    pub(super) commands: usize,
    /// When it left, where the log wants to know.
    pub(super) since: Option<Time>,
    pub(super) clock: Clock,
}

impl Batch {
    /// A line for a pipeline that was slow, or for each.
    fn log(&self, answered: bool) {
        let Some(since) = self.since else { return };
        let took = self.clock.now().since(since);
        let (took_ms, operations, commands) = (took.as_millis(), self.operations.len(), self.commands);
        if took >= SLOW {
            debug!(target: REDIS, server = %self.place, took_ms, operations, commands, answered, "a slow pipeline");
        } else {
            trace!(target: REDIS, server = %self.place, took_ms, operations, commands, answered, "a pipeline");
        }
    }

    pub(super) fn answer(mut self, values: Vec<Value>) {
        self.log(true);
        self.supervised.answered.store(self.number, Ordering::Relaxed);
        self.look_for_refusal(&values);
        let mut values = values.into_iter();
        together(|| {
            for (operation, count) in self.operations.drain(..).zip(&self.counts) {
                let mut own = values.by_ref().take(*count);
                operation.finish(Ok(&mut own));
                own.for_each(drop);
            }
        });
    }

    /// `None` when there was no answer in time.
    pub(super) async fn finish(mut self, answered: Option<RedisResult<Vec<Value>>>, pipeline: &Pipeline) {
        match answered {
            Some(Ok(values)) => self.answer(values),
            Some(Err(error)) => {
                self.log(true);
                let fault = Fault::of(&error, &self.place);
                if !breaks_link(&error) {
                    return fail(&mut self.operations, &fault);
                }
                let has_ended = is_end(&error);
                self.report(fault.clone());
                if has_ended {
                    self.read_again(pipeline, &fault).await;
                } else {
                    fail(&mut self.operations, &fault);
                }
            }
            None => {
                self.log(false);
                if let Link::Client(client) = &self.link {
                    client.note(true);
                }
                let fault = Fault::too_late(&self.place, self.deadline);
                self.report(fault.clone());
                fail(&mut self.operations, &fault);
            }
        }
    }

    /// The connection has ended, perhaps before the server had read any of this. Reads are sent once more, and
    /// what may be run twice. Whether writes were done is unknown.
    async fn read_again(mut self, pipeline: &Pipeline, fault: &Fault) {
        let mut commands = pipeline.cmd_iter();
        let (mut again, mut counts, mut lost) = (Pipeline::new(), Vec::new(), Vec::new());
        let mut reads = Vec::new();
        for (operation, count) in self.operations.drain(..).zip(&self.counts) {
            let own: Vec<&Cmd> = commands.by_ref().take(*count).collect();
            if operation.repeats() || own.iter().all(|command| only_reads(command)) {
                for command in own {
                    again.add_command(command.clone());
                }
                reads.push(operation);
                counts.push(*count);
            } else {
                lost.push(operation);
            }
        }
        fail(&mut lost, fault);
        if reads.is_empty() {
            return;
        }
        (self.operations, self.counts) = (reads, counts);
        let total = self.counts.iter().sum();
        let link = match &self.link {
            Link::Cluster(_) | Link::Client(_) => Ok(self.link.clone()),
            Link::Single(..) => match self.supervised.settled_after(self.number, self.deadline).await {
                State::Up(link, _) => Ok(link),
                State::Down(fault) => Err(fault),
                State::Closed => Err(Fault::closed()),
                State::Connecting => Err(fault.clone()),
            },
        };
        let answered = match link {
            Ok(mut link) => timeout(self.deadline, link.send(&again, total, self.slot)).await,
            Err(fault) => return fail(&mut self.operations, &fault),
        };
        match answered {
            Ok(Ok(values)) => self.answer(values),
            Ok(Err(error)) => fail(&mut self.operations, &Fault::of(&error, &self.place)),
            Err(_) => fail(&mut self.operations, &Fault::too_late(&self.place, self.deadline)),
        }
    }

    fn look_for_refusal(&self, values: &[Value]) {
        let refused = values.iter().find_map(|value| match value {
            Value::ServerError(error) if error.kind().is_some_and(is_unavailable) => Some(error),
            _ => None,
        });
        if let Some(error) = refused {
            let message = format!("Redis at {} cannot be used now: {error}", self.place);
            self.report(Fault::new(FaultKind::Disconnected, message));
        }
    }

    fn report(&self, fault: Fault) {
        drop(self.supervised.notices.send(Notice::Broken(self.number, self.slot, fault)));
    }
}
