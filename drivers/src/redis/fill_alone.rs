//! Conditional writes of an entry that is listed on another node, or nowhere.

use std::sync::{Arc, OnceLock};

use redis::{Cmd, cluster_routing::Slot};
use tokio::sync::oneshot;

use super::{
    atomic::{Atomic, Change, Changed},
    batch::{Answers, Operation},
    commands,
    fault::Fault,
    fence::Fence,
    marks::{self, Count},
    scripts::{self, Mode},
    store::{LARGE, Payloads, StoreState},
    tidy::Tally,
    write::{Writing, number, text},
};

/// The outcome of such a write, and how the index stood when its entry was listed.
pub(super) type Fenced = (oneshot::Receiver<Result<Changed, Fault>>, Arc<OnceLock<Tally>>);

impl<P: Payloads> StoreState<P> {
    /// A conditional write of an entry alone.
    pub(super) fn fill_alone(self: &Arc<Self>, writing: Writing, fence: Option<Arc<Fence>>) -> Fenced {
        let Writing { entry, payload, millis, owner, seen, .. } = writing;
        let (payload, packed) = payload.into_bytes();
        let is_large = payload.len() >= LARGE;
        let mut keys = vec![entry.clone(), self.names.marks(&entry)];
        let before_keys = text(self.names.before_keys() as u64);
        let mut arguments = vec![payload, text(millis), Self::own_count(seen.as_ref()), before_keys];
        let otherwise: Option<scripts::Commands> = Some(match (&owner, &seen) {
            (Some(_), Some(_)) => fill_owned_singly,
            (Some(_), None) => write_owned_singly,
            (None, _) => fill_alone_singly,
        });
        if let Some((lock, token)) = owner {
            keys.push(lock);
            arguments.push(token.into_bytes());
        }
        let stash = self.stash(&entry);
        keys.extend(stash.clone());
        let change = Change { script: &scripts::FILL_ALONE, keys, arguments, decides: true, otherwise };
        let (mut atomic, received) = self.atomic(&entry, change, packed);
        atomic.fence = fence;
        atomic.renames = stash.map(|stash| (stash, entry.clone()));
        let tally = Arc::new(OnceLock::new());
        let lists = self.names.index.is_some().then(|| (millis, Self::listed_count(seen.as_ref())));
        let waits = is_large || lists.is_some() || self.looks_itself();
        let operation = FillAlone { atomic, lists, tally: Arc::clone(&tally) };
        self.send_write(entry, Box::new(operation), waits);
        (received, tally)
    }
}

fn fill_alone_singly(mode: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    let set = commands::set(&keys[0], &arguments[0], number(&arguments[1]));
    if mode == Mode::Bare { vec![set] } else { vec![set, marks::ask_standing(&keys[1], &keys[0])] }
}

fn fill_owned_singly(mode: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    let mut asked = fill_alone_singly(mode, keys, arguments);
    asked.push(commands::one("GET", &keys[LOCK]));
    asked
}

fn write_owned_singly(_: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    let set = commands::set(&keys[0], &arguments[0], number(&arguments[1]));
    vec![set, commands::one("GET", &keys[LOCK])]
}

/// The place of the lock among the keys.
const LOCK: usize = 2;

/// The write of a loaded value, or a write under a lock, whose entry is listed on another node or nowhere.
struct FillAlone<P> {
    atomic: Box<Atomic<P>>,
    /// Its lifetime, and the invalidation count of the index that the load has seen.
    lists: Option<(u64, Count)>,
    tally: Arc<OnceLock<Tally>>,
}

impl<P: Payloads> Operation for FillAlone<P> {
    fn slot(&self) -> Slot {
        self.atomic.slot()
    }

    fn prepare(&mut self) {
        self.atomic.prepare();
    }

    fn bytes(&self) -> usize {
        self.atomic.bytes()
    }

    fn goes_alone(&mut self) {
        self.atomic.goes_alone();
    }

    fn lists(&self) -> Option<u64> {
        self.lists.as_ref().map(|(millis, _)| *millis)
    }

    fn listed_as_seen(&self) -> Option<Count> {
        self.lists.as_ref().map(|(_, seen)| seen.clone())
    }

    fn fence(&self) -> Option<&Arc<Fence>> {
        self.atomic.fence()
    }

    fn listed(&mut self, tally: Tally) {
        self.tally.get_or_init(|| tally);
    }

    fn commands(&mut self, add: &mut dyn FnMut(Cmd)) {
        self.atomic.commands(add);
    }

    fn finish(self: Box<Self>, answers: Answers<'_>) {
        self.atomic.finish(answers);
    }

    fn overtaken(self: Box<Self>) {
        self.atomic.overtaken();
    }
}
