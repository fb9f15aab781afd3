//! Keeps the index small: expired entries leave it, and the oldest make room. Each script that writes does a part of
//! that. This module does the rest: entries that 0.4.0 wrote, which only the index knows, and the work that takes
//! many steps because entries are on other nodes or scripts are denied.

use std::sync::{Arc, atomic::Ordering};

use lazy_layers_engine::clock::{Time, Ttl};
use redis::{Cmd, Value};

use super::{
    atomic::{Change, Changed},
    bare, commands,
    fault::Fault,
    marks::{self, Count},
    scripts::{self, Mode},
    store::{Payloads, RedisStore, StoreState},
    write::{number, text},
};

/// How many members a step looks at.
const STEP: u64 = 100;
/// After this number of writes, expired entries are taken out, and [`STEPS`] steps search for entries of 0.4.0.
const WRITES: u64 = 16;
const STEPS: usize = 4;
/// The most steps that a caller waits for.
const MOST_STEPS: usize = 10_000;
/// How long the next search for entries of 0.4.0 is put off after one has ended.
const PAUSE: Ttl = Ttl(10_000_000);

/// The counts of the index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tally {
    /// Members.
    pub(super) listed: u64,
    /// Members whose end is known.
    pub(super) known: u64,
    /// Expired members.
    pub(super) over: u64,
    /// Members that expired long enough ago to be taken out.
    pub(super) due: u64,
}

impl Tally {
    pub(super) fn of(answers: &[Value]) -> Result<Tally, Fault> {
        let counts: Vec<u64> = answers.iter().map(commands::count).collect::<Result<_, _>>()?;
        Tally::of_counts(&counts)
    }

    pub(super) fn of_counts(counts: &[u64]) -> Result<Tally, Fault> {
        let [listed, known, over, rest @ ..] = counts else { return Err(Fault::unexpected()) };
        Ok(Tally { listed: *listed, known: *known, over: *over, due: rest.first().copied().unwrap_or(*over) })
    }

    pub(super) fn of_changed(changed: Changed) -> Result<Tally, Fault> {
        match changed {
            Changed::Scripted(Value::Array(answers)) => Tally::of(&answers),
            // The answers to the two commands that list come first.
            Changed::Singly(answers) => Tally::of(answers.get(2..).unwrap_or_default()),
            Changed::Bare(_) => Ok(Tally { listed: 0, known: 0, over: 0, due: 0 }),
            Changed::Scripted(_) => Err(Fault::unexpected()),
        }
    }

    pub(super) fn live(&self) -> u64 {
        self.listed.saturating_sub(self.over)
    }
}

/// A search for entries that only one of the sets lists.
#[derive(Debug)]
pub(super) struct Search {
    /// The set that is searched: 1 or 2.
    of: u8,
    cursor: Vec<u8>,
    /// The earliest time of the next search.
    again: Time,
    /// With `bare` commands: the number of writes before which not all members are looked at again.
    pub(super) writes: u64,
}

impl Default for Search {
    fn default() -> Self {
        Search { of: 1, cursor: b"0".to_vec(), again: Time::ZERO, writes: 0 }
    }
}

impl<P: Payloads> StoreState<P> {
    /// The time, for scripts that cannot ask the server for it.
    pub(super) fn wall(&self) -> Vec<u8> {
        text(self.clock.wall_millis())
    }

    /// A script about both sets.
    pub(super) fn about_sets(
        &self,
        script: &'static scripts::Script,
        arguments: Vec<Vec<u8>>,
        otherwise: Option<scripts::Commands>,
    ) -> Change {
        let (index, expiry) = self.names.sets();
        Change { script, keys: vec![index, expiry], arguments, decides: true, otherwise }
    }

    pub(super) async fn ask_sets(self: &Arc<Self>, change: Change) -> Result<Changed, Fault> {
        let index = change.keys[0].clone();
        self.change(&index, change).await
    }

    /// How long members of a cluster have been expired before they are taken out, in milliseconds.
    pub(super) fn grace(&self) -> u64 {
        u64::try_from(self.options.sweep_grace.as_millis()).unwrap_or(u64::MAX)
    }

    /// Lists an entry that is about to be written; for a loaded value, only if no pattern has overtaken the
    /// load.
    pub(super) fn listing(&self, entry: &[u8], millis: u64, seen: Option<Count>) -> Change {
        let is_load = seen.is_some();
        let arguments = vec![
            self.names.member(entry).to_vec(),
            text(millis),
            text(self.grace()),
            self.wall(),
            seen.unwrap_or_else(|| b"-".to_vec()),
            entry.to_vec(),
            text(self.names.before_keys() as u64),
        ];
        let otherwise: scripts::Commands = if is_load { list_load_singly } else { list_singly };
        let mut change = self.about_sets(&scripts::LIST, arguments, Some(otherwise));
        change.keys.push(self.names.listed_marks().to_vec());
        change
    }
}

fn sweep_singly(_: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    let now = number(&arguments[2]);
    commands::tally(&keys[0], &keys[1], now, now)
}

fn list_singly(mode: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    if mode == Mode::Bare {
        return vec![bare::list(&keys[0], &arguments[0], &arguments[3])];
    }
    let (millis, grace, now) = (number(&arguments[1]), number(&arguments[2]), number(&arguments[3]));
    let mut asked = commands::list(&keys[0], &keys[1], &arguments[0], now, millis);
    asked.extend(commands::tally(&keys[0], &keys[1], now, now.saturating_sub(grace)));
    asked
}

fn list_load_singly(mode: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    let mut asked = list_singly(mode, keys, arguments);
    if mode != Mode::Bare {
        asked.push(marks::ask_standing(&keys[2], &arguments[5]));
    }
    asked
}

impl<P: Payloads> RedisStore<P> {
    /// After a write that has left the rest of the index as it was: now and then takes expired entries out.
    pub(super) fn tidy_sometimes(&self) {
        if self.shared.writes.fetch_add(1, Ordering::Relaxed).is_multiple_of(WRITES) {
            self.in_background(|store| async move { store.sweep_together().await });
        }
    }

    /// Takes out expired entries, where one server has all.
    pub(super) async fn sweep_together(&self) -> Result<(), Fault> {
        for _ in 0..MOST_STEPS {
            let before = self.shared.names.before_members().to_vec();
            let arguments = vec![text(STEP), before, self.shared.wall()];
            let sweep = self.shared.about_sets(&scripts::SWEEP, arguments, Some(sweep_singly));
            match self.shared.ask_sets(sweep).await? {
                changed if changed.says(1) => {}
                changed if changed.says(2) => return self.adopt(STEPS).await,
                Changed::Scripted(_) | Changed::Bare(_) => return Ok(()),
                Changed::Singly(answers) => return self.sweep(Tally::of(&answers)?).await,
            }
        }
        Ok(())
    }

    /// Called after a write whose script has left something to do. A bound is kept when this ends.
    pub(super) async fn tidy_together(&self, most: Option<u64>) -> Result<(), Fault> {
        let Some(most) = most else {
            self.in_background(|store| async move { store.adopt(STEPS).await });
            return Ok(());
        };
        let store = self.clone();
        self.shared
            .apart(async move {
                store.adopt(MOST_STEPS).await?;
                let mut left = u64::MAX;
                loop {
                    let arguments = vec![
                        text(most),
                        store.shared.names.before_members().to_vec(),
                        store.shared.options.delete_strategy.command().into(),
                        store.shared.wall(),
                    ];
                    let trim = store.shared.about_sets(&scripts::TRIM, arguments, None);
                    let beyond = store.shared.ask_sets(trim).await?.number(0)?;
                    let beyond = u64::try_from(beyond).unwrap_or(0);
                    if beyond == 0 || beyond >= left {
                        return Ok(());
                    }
                    left = beyond;
                }
            })
            .await
    }

    /// Does some steps of a search for entries that only one of the sets lists, like those of 0.4.0. Afterwards
    /// live ones are listed in both sets, and the others in none. A search that has ended does not begin again
    /// at once.
    pub(super) async fn adopt(&self, steps: usize) -> Result<(), Fault> {
        for _ in 0..steps {
            let Some((of, cursor)) = self.next_step() else { return Ok(()) };
            let arguments = vec![
                text(u64::from(of)),
                cursor,
                text(STEP),
                self.shared.names.before_members().to_vec(),
                self.shared.wall(),
            ];
            let step = self.shared.about_sets(&scripts::ADOPT, arguments, None);
            let Changed::Scripted(Value::BulkString(next)) = self.shared.ask_sets(step).await? else {
                return Err(Fault::unexpected());
            };
            self.step_done(of, next, 2);
        }
        Ok(())
    }

    pub(super) fn next_step(&self) -> Option<(u8, Vec<u8>)> {
        let search = self.shared.search.lock();
        (search.again <= self.shared.clock.now()).then(|| (search.of, search.cursor.clone()))
    }

    /// Sets where the search continues. It ends with the set of the number `last`.
    pub(super) fn step_done(&self, of: u8, next: Vec<u8>, last: u8) {
        let mut search = self.shared.search.lock();
        search.of = of;
        search.cursor = next;
        if search.cursor == b"0" {
            search.of = if of == last { 1 } else { of + 1 };
            if of == last {
                search.again = self.shared.clock.now().after(PAUSE);
            }
        }
    }

    /// Runs work in the background, unless such work already runs.
    pub(super) fn in_background<F>(&self, steps: impl FnOnce(RedisStore<P>) -> F)
    where
        F: Future<Output = Result<(), Fault>> + Send + 'static,
    {
        if self.shared.tidying.swap(true, Ordering::SeqCst) {
            return;
        }
        let (steps, shared) = (steps(self.clone()), Arc::clone(&self.shared));
        self.shared.runtime.spawn(async move {
            // A failed step is repeated after a later write.
            drop(steps.await);
            shared.tidying.store(false, Ordering::SeqCst);
        });
    }

    /// After a write of an entry apart from the index.
    pub(super) async fn tidy_apart(&self, tally: Option<Tally>, most: Option<u64>) -> Result<(), Fault> {
        let Some(tally) = tally else { return Ok(()) };
        if self.shared.is_bare() {
            return self.tidy_bare(most).await;
        }
        if tally.due > 0 || tally.listed != tally.known {
            self.in_background(|store| async move { store.sweep(tally).await });
        }
        match most {
            Some(most) if tally.live() > most => {
                let store = self.clone();
                self.shared.apart(async move { store.trim_apart(tally, most).await }).await
            }
            _ => Ok(()),
        }
    }
}
