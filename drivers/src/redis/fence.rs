//! The conditions of a write: that no invalidation has overtaken its load, and that its lock is still held. A script
//! looks at them as it writes. Where scripts are denied, `guard` does.

use redis::{Cmd, Value};

use super::{
    commands::{self, one},
    fault::Fault,
    marks::{self, Count},
    names::Names,
    write::Writing,
};

/// The entry of a conditional write, the count that its load has seen, and its lock.
#[derive(Debug, Clone)]
pub(super) struct Fence {
    pub(super) entry: Vec<u8>,
    /// The count of marks that the load has seen.
    seen: Option<Count>,
    /// The lock, and the token that it has to have.
    owner: Option<(Vec<u8>, String)>,
}

impl Fence {
    /// That of a write, if it has conditions.
    pub(super) fn of(writing: &Writing) -> Option<Fence> {
        let Writing { entry, owner, seen, .. } = writing;
        (owner.is_some() || seen.is_some()).then(|| Fence {
            entry: entry.clone(),
            seen: seen.as_ref().map(|seen| seen.own.clone()),
            owner: owner.clone(),
        })
    }

    /// The same without marks, which are not kept by clients that run no scripts.
    pub(super) fn without_marks(&self) -> Fence {
        Fence { seen: None, ..self.clone() }
    }

    /// Asks for the marks, then for the lock.
    pub(super) fn asked(&self, names: &Names) -> Vec<Cmd> {
        let marks = self.seen.as_ref().map(|_| marks::ask_standing(&names.marks(&self.entry), &self.entry));
        let lock = self.owner.as_ref().map(|(lock, _)| one("GET", lock));
        marks.into_iter().chain(lock).collect()
    }

    /// How many commands that takes.
    pub(super) fn asks(&self) -> usize {
        usize::from(self.seen.is_some()) + usize::from(self.owner.is_some())
    }

    /// From here on the server refuses a transaction of this connection if any of that changes.
    pub(super) fn watch(&self, names: &Names) -> Cmd {
        let mut command = redis::cmd("WATCH");
        if self.seen.is_some() {
            command.arg(names.marks(&self.entry));
        }
        if let Some((lock, _)) = &self.owner {
            command.arg(lock.as_slice());
        }
        command
    }

    /// Whether the conditions hold, by the answers to [`Fence::asked`].
    pub(super) fn holds(
        &self,
        names: &Names,
        answers: &mut impl Iterator<Item = Value>,
    ) -> Result<bool, Fault> {
        let key = || names.key(&self.entry).unwrap_or_default();
        let stands = match &self.seen {
            Some(seen) => marks::stands(&commands::next(answers)?, seen, key()),
            None => true,
        };
        let is_owned = match &self.owner {
            Some((_, token)) => commands::next(answers)? == Value::BulkString(token.clone().into_bytes()),
            None => true,
        };
        Ok(stands && is_owned)
    }
}
