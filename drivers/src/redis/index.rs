//! The index: a sorted set of all entries by their time of writing, as 0.4.0 keeps it, and beside it a set of the
//! same members by their expiry.

use std::{future::Future, sync::Arc};

use redis::Cmd;

use super::{
    atomic::{Atomic, Change},
    batch::{Answers, Operation},
    commands,
    fault::Fault,
    scripts::{self, Mode},
    store::{Payloads, RedisStore, StoreState},
    tidy::Tally,
    write::{number, text},
};

impl<P: Payloads> RedisStore<P> {
    /// The number of entries: live members of the index, or, without one, of the keys that a scan finds.
    pub fn size(&self) -> impl Future<Output = Result<u64, Fault>> + Send + 'static + use<P> {
        let store = self.clone();
        async move {
            if store.shared.names.index.is_none() {
                return store.count().await;
            }
            if let Some(size) = store.size_if_bare().await? {
                return Ok(size);
            }
            let tally = store.tally().await?;
            let is_together = !store.shared.names.is_clustered();
            let scripted = store.shared.scripting.runs_scripts(store.shared.links());
            if tally.listed == tally.known || !is_together || !scripted {
                return Ok(tally.live());
            }
            // Entries of 0.4.0: which of them are live is unknown until they are looked up.
            let looking = store.clone();
            store.shared.apart(async move { looking.adopt(SIZE_STEPS).await }).await?;
            store.tally().await.map(|tally| tally.live())
        }
    }

    async fn tally(&self) -> Result<Tally, Fault> {
        let count =
            self.shared.about_sets(&scripts::COUNT_LISTED, vec![self.shared.wall()], Some(count_singly));
        Tally::of_counts(&self.shared.ask_sets(count).await?.numbers()?)
    }
}

/// How many steps of a search the size waits for.
const SIZE_STEPS: usize = 100;

fn count_singly(_: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    let now = number(&arguments[0]);
    let mut asked = commands::tally(&keys[0], &keys[1], now, now);
    asked.truncate(3);
    asked
}

impl<P: Payloads> StoreState<P> {
    /// A read of the entry found nothing: if that is still so, the index need not list it.
    pub(super) fn forget(self: &Arc<Self>, entry: &[u8]) {
        let together = self.names.index.is_some() && !self.names.is_clustered();
        if !together || self.is_bare() || !self.scripting.runs_scripts(self.links()) {
            return;
        }
        let is_first = {
            let mut absent = self.absent.lock();
            absent.push(entry.to_vec());
            absent.len() == 1
        };
        if is_first {
            self.requests.send(Box::new(Forget { shared: Arc::clone(self), sent: None }));
        }
    }
}

/// Takes the absent entries out of the index.
struct Forget<P> {
    shared: Arc<StoreState<P>>,
    sent: Option<Atomic<P>>,
}

impl<P: Payloads> Operation for Forget<P> {
    fn slot(&self) -> redis::cluster_routing::Slot {
        redis::cluster_routing::Slot::for_key(&self.shared.names.sets().0)
    }

    fn commands(&mut self, add: &mut dyn FnMut(Cmd)) {
        let absent = std::mem::take(&mut *self.shared.absent.lock());
        let (index, expiry) = self.shared.names.sets();
        let keys = [index, expiry].into_iter().chain(absent).collect();
        let arguments = vec![text(self.shared.names.before_members().len() as u64)];
        let change = Change { script: &scripts::FORGET, keys, arguments, decides: true, otherwise: None };
        let index = change.keys[0].clone();
        self.sent.insert(self.shared.silent(&index, change, None)).commands(add);
    }

    fn finish(self: Box<Self>, answers: Answers<'_>) {
        match self.sent {
            Some(sent) => Box::new(sent).finish(answers),
            // The operation was never sent: the next miss begins anew.
            None => self.shared.absent.lock().clear(),
        }
    }
}
