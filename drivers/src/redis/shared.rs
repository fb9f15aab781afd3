//! Operations that are sent together: those of one store and one kind, if they come one after the other. Plain writes
//! share a transaction, removals and the writes of loaded values a call of a script, see `merged`. That costs the
//! server a part of what single ones do.
//!
//! If the server refuses any of it, each operation is sent anew and alone: it fails by itself. The same entry may be in
//! it twice, for what the server does to it is the same as one after the other.

use redis::{Cmd, ServerErrorKind, Value, cluster_routing::Slot};

use super::{
    atomic::Change,
    batch::{Answers, Operation},
    fault::Fault,
    merged,
    scripts::Mode,
    submit::Submission,
};

/// The most bytes of the payloads, or names, that are sent together. So the server answers others in between.
const MOST_BYTES: usize = 64 << 10;

/// The kinds of changes of which several are made as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Writes of one entry that decide nothing.
    Write,
    /// Invalidations. The entries among their keys begin at that place.
    Remove(usize),
    /// Writes of loaded values.
    Fill,
}

impl Kind {
    /// The mode in which they are made as one.
    pub(super) fn mode(self) -> Mode {
        match self {
            Kind::Write => Mode::Transactions,
            Kind::Remove(_) | Kind::Fill => Mode::Scripts,
        }
    }

    /// What a change adds to the size of what is sent.
    pub(super) fn bytes(self, change: &Change) -> usize {
        match self {
            Kind::Write | Kind::Fill => change.arguments[0].len(),
            Kind::Remove(first) => change.keys[first..].iter().map(Vec::len).sum(),
        }
    }
}

/// What decides with which others an operation is sent.
#[derive(Clone, Copy)]
pub(super) struct Share {
    /// Differs between stores: each has an index of its own.
    pub(super) store: usize,
    pub(super) kind: Kind,
    pub(super) bytes: usize,
    /// Whether the server has `MSETEX`.
    pub(super) takes_many: bool,
}

/// Puts those operations of a pipeline together that may share what they send, in order with all others.
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

/// Operations that are sent together.
struct Together {
    operations: Submission,
    bytes: usize,
    /// The first of them.
    first: Share,
    /// The script was sent before its call.
    loads: bool,
}

impl Together {
    fn of(operation: Box<dyn Operation>, share: Share) -> Together {
        Together { operations: vec![operation], bytes: share.bytes, first: share, loads: false }
    }

    fn takes(&self, share: Share) -> bool {
        (self.first.store, self.first.kind) == (share.store, share.kind)
            && self.bytes + share.bytes <= MOST_BYTES
    }

    fn add(&mut self, operation: Box<dyn Operation>, share: Share) {
        self.operations.push(operation);
        self.bytes += share.bytes;
    }

    /// One operation alone is sent as it is.
    fn close(mut self) -> Box<dyn Operation> {
        match self.operations.pop() {
            Some(operation) if self.operations.is_empty() => operation,
            last => {
                self.operations.extend(last);
                Box::new(self)
            }
        }
    }

    /// The answer to each operation: as if it had been sent alone, or the error.
    fn answers(&self, answers: &mut dyn Iterator<Item = Value>) -> Result<Vec<Value>, Fault> {
        let count = self.operations.len();
        if self.loads {
            // If loading was denied, the call of the script says that it is not known.
            answers.next();
        }
        match (self.first.kind, answers.next().ok_or_else(Fault::unexpected)?) {
            (Kind::Write, first) => Ok(vec![outcome(&mut std::iter::once(first).chain(answers)); count]),
            (Kind::Fill, Value::Array(each)) if each.len() == count => Ok(each),
            (Kind::Fill | Kind::Remove(_), error @ Value::ServerError(_)) => Ok(vec![error; count]),
            // The number of all that were removed.
            (Kind::Remove(_), removed) => Ok(vec![removed; count]),
            (Kind::Fill, _) => Err(Fault::unexpected()),
        }
    }
}

impl Operation for Together {
    fn slot(&self) -> Slot {
        self.operations[0].slot()
    }

    fn commands(&mut self, add: &mut dyn FnMut(Cmd)) {
        let changes = self.operations.iter_mut().filter_map(|operation| operation.shared());
        let changes: Vec<&Change> = changes.collect();
        let merged = match self.first.kind {
            Kind::Write => {
                return merged::writes(&changes, self.first.takes_many).into_iter().for_each(add);
            }
            Kind::Remove(first) => merged::removals(&changes, first),
            Kind::Fill => merged::fills(&changes),
        };
        self.loads = self.operations[0].call(&merged, add);
    }

    fn finish(self: Box<Self>, answers: Answers<'_>) {
        match answers.and_then(|answers| self.answers(answers)) {
            Ok(own) => {
                for (operation, own) in self.operations.into_iter().zip(own) {
                    operation.finish(Ok(&mut std::iter::once(own)));
                }
            }
            Err(fault) => {
                self.operations.into_iter().for_each(|operation| operation.finish(Err(fault.clone())))
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
