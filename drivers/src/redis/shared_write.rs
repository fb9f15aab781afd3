//! Writes that are sent together: those of one store that decide nothing, and come one after the other, share a
//! transaction. It lists all entries by two commands, and writes them by `MSETEX` where the server has it.
//!
//! If the server refuses any of it, each write is sent anew and alone: a write fails by itself.

use redis::{Cmd, ServerErrorKind, Value, cluster_routing::Slot, cmd};

use super::{
    batch::{Answers, Operation},
    commands,
    fault::Fault,
    submit::Submission,
};

/// The most writes that share a transaction.
const MOST: usize = 128;
/// The most bytes of their payloads. So the server answers others in between.
const MOST_BYTES: usize = 64 << 10;

/// What a write adds to a transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    /// Differs between stores: each has an index of its own.
    pub(super) store: usize,
    pub(super) bytes: usize,
    /// As `PX` takes it; 0 for ever.
    pub(super) millis: u64,
    /// Whether the server has `MSETEX`.
    pub(super) takes_many: bool,
}

/// A write that shares a transaction.
pub(super) struct SharedWrite<'a> {
    pub(super) index: &'a [u8],
    pub(super) expiry: &'a [u8],
    pub(super) member: &'a [u8],
    pub(super) now: u64,
    pub(super) entry: &'a [u8],
    pub(super) payload: &'a [u8],
    /// As `PX` takes it; 0 for ever.
    pub(super) millis: u64,
}

/// Puts writes that may share a transaction together, in order with all other operations.
pub(super) fn share(operations: Submission) -> Submission {
    let mut all = Vec::with_capacity(operations.len());
    let mut open: Option<Together> = None;
    for mut operation in operations {
        let share = operation.shares();
        match (&mut open, share) {
            (Some(together), Some(share)) if together.takes(share) => together.add(operation, share),
            (_, share) => {
                all.extend(open.take().map(Together::close));
                match share {
                    Some(share) => open = Some(Together::of(operation, share)),
                    None => all.push(operation),
                }
            }
        }
    }
    all.extend(open.map(Together::close));
    all
}

/// Writes that share a transaction.
struct Together {
    writes: Submission,
    bytes: usize,
    /// The first of them.
    first: Share,
    /// Whether all have one lifetime, and the server has the command that writes them so.
    by_one: bool,
}

impl Together {
    fn of(operation: Box<dyn Operation>, share: Share) -> Together {
        Together { writes: vec![operation], bytes: share.bytes, first: share, by_one: share.takes_many }
    }

    fn takes(&self, share: Share) -> bool {
        self.first.store == share.store && self.writes.len() < MOST && self.bytes + share.bytes <= MOST_BYTES
    }

    fn add(&mut self, operation: Box<dyn Operation>, share: Share) {
        self.writes.push(operation);
        self.bytes += share.bytes;
        self.by_one &= share.takes_many && share.millis == self.first.millis;
    }

    /// One write alone is sent as it is.
    fn close(mut self) -> Box<dyn Operation> {
        match self.writes.pop() {
            Some(write) if self.writes.is_empty() => write,
            last => {
                self.writes.extend(last);
                Box::new(self)
            }
        }
    }
}

impl Operation for Together {
    fn slot(&self) -> Slot {
        self.writes[0].slot()
    }

    fn commands(&mut self, add: &mut dyn FnMut(Cmd)) {
        let Share { millis, .. } = self.first;
        let by_one = self.by_one;
        let (mut written, mut ends) = (cmd("ZADD"), cmd("ZADD"));
        let mut sets = Vec::with_capacity(if by_one { 1 } else { self.writes.len() });
        if by_one {
            let mut many = cmd("MSETEX");
            many.arg(self.writes.len());
            sets.push(many);
        }
        for (at, write) in self.writes.iter_mut().enumerate() {
            let Some(write) = write.shared() else { continue };
            if at == 0 {
                written.arg(write.index);
                ends.arg(write.expiry);
            }
            written.arg(write.now).arg(write.member);
            ends.arg(commands::end(write.now, write.millis)).arg(write.member);
            if by_one {
                sets[0].arg(write.entry).arg(write.payload);
            } else {
                sets.push(commands::set(write.entry, write.payload, write.millis));
            }
        }
        if by_one && millis > 0 {
            sets[0].arg("PX").arg(millis);
        }
        [cmd("MULTI"), written, ends].into_iter().for_each(&mut *add);
        sets.into_iter().for_each(&mut *add);
        add(cmd("EXEC"));
    }

    fn finish(self: Box<Self>, answers: Answers<'_>) {
        let own: Result<Value, Fault> = answers.map(outcome);
        for write in self.writes {
            match &own {
                Ok(own) => write.finish(Ok(&mut std::iter::once(own.clone()))),
                Err(fault) => write.finish(Err(fault.clone())),
            }
        }
    }
}

/// The answer to each write: that of a transaction of its own, or the error.
fn outcome(answers: &mut dyn Iterator<Item = Value>) -> Value {
    let mut refused = None;
    let mut last = Value::Nil;
    for answer in answers {
        match answer {
            // It only says that another command was refused.
            Value::ServerError(error) if error.kind() == Some(ServerErrorKind::ExecAbort) => {}
            Value::ServerError(error) => refused = refused.or(Some(error)),
            answer => last = answer,
        }
    }
    match (refused, last) {
        (Some(error), _) => Value::ServerError(error),
        (None, Value::Array(parts)) => {
            let error = parts.into_iter().find(|part| matches!(part, Value::ServerError(_)));
            error.unwrap_or_else(|| Value::Array(vec![Value::Int(1), Value::Int(1), Value::Okay]))
        }
        (None, other) => other,
    }
}
