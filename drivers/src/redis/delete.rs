//! Deletes: of keys, and of all that match a pattern.

use std::{future::Future, sync::Arc};

use lazy_layers_engine::entry::pattern::Pattern;
use redis::Cmd;

use super::{
    atomic::Change,
    bare, commands,
    fault::Fault,
    marks,
    scan::{Position, Source},
    scripts::{self, Mode},
    shared::Kind,
    store::{Payloads, RedisStore},
    write::{number, text},
};

impl<P: Payloads> RedisStore<P> {
    /// Removes an entry; with a `lock` that of this key too.
    pub fn delete(
        &self,
        key: &[u8],
        lock: Option<&[u8]>,
    ) -> impl Future<Output = Result<(), Fault>> + Send + 'static + use<P> {
        let names = &self.shared.names;
        let lock = lock.map(|lock| names.lock(key, lock));
        self.removed(&[names.entry(key)], lock.as_slice(), true)
    }

    /// Removes all keys that match. Returns their number.
    pub fn delete_by_pattern(
        &self,
        pattern: &Pattern,
    ) -> impl Future<Output = Result<u64, Fault>> + Send + 'static + use<P> {
        let (store, pattern) = (self.clone(), pattern.clone());
        self.shared.apart(async move {
            if store.is_bare().await {
                store.shared.all_prepared().await;
                return store.delete_bare(&pattern).await;
            }
            store.shared.forbid(&pattern).await?;
            store.shared.all_prepared().await;
            let source = store.source();
            let unlisted = if source == Source::Index { store.remove_unlisted(&pattern).await? } else { 0 };
            Ok(unlisted + store.remove_found(source, &pattern).await?)
        })
    }

    /// Removes all keys that match and are found there. Returns how many.
    pub(super) async fn remove_found(&self, source: Source, pattern: &Pattern) -> Result<u64, Fault> {
        let (mut at, mut count) = (Some(Position::default()), 0);
        while let Some(position) = at {
            let step = self.step_from(source, position, pattern, self.shared.options.scan_count).await?;
            count += self.remove_all(step.names).await?;
            at = step.next;
        }
        Ok(count)
    }

    /// Removes entries that a pattern matches, a batch at a time. Returns how many.
    pub(super) async fn remove_all(&self, names: Vec<Vec<u8>>) -> Result<u64, Fault> {
        for some in names.chunks(self.shared.options.batch_size.max(1)) {
            // On other nodes than the index, a loaded value may have been listed before and written only now.
            self.removed(some, &[], self.shared.names.is_clustered()).await?;
        }
        Ok(names.len() as u64)
    }

    /// Removes the entry of a value that was overtaken. Running loads go on.
    pub fn discard(&self, key: &[u8]) -> impl Future<Output = Result<(), Fault>> + Send + 'static + use<P> {
        self.removed(&[self.shared.names.entry(key)], &[], false)
    }

    /// Removes entries to make room, which overtakes no load.
    pub(super) async fn remove(&self, entries: &[Vec<u8>]) -> Result<(), Fault> {
        self.removed(entries, &[], false).await
    }

    /// Removes entries and locks, and takes the entries out of the index. The first entry is in the slot of the
    /// locks. An invalidation overtakes running loads.
    fn removed(
        &self,
        entries: &[Vec<u8>],
        locks: &[Vec<u8>],
        invalidates: bool,
    ) -> impl Future<Output = Result<(), Fault>> + Send + 'static + use<P> {
        let shared = &self.shared;
        let kind = |first| invalidates.then_some(Kind::Remove(first));
        let together = (shared.names.index.is_some() && !shared.names.is_clustered()).then(|| {
            shared.change_with(&entries[0], self.removal(entries, locks, invalidates), kind(BESIDE_SETS))
        });
        // All are on their way before the first answer is waited for.
        let apart: Vec<_> = match (&together, shared.names.is_clustered()) {
            (Some(_), _) => Vec::new(),
            (None, false) => {
                let removal = self.removal_alone(entries, locks, invalidates);
                vec![shared.change_with(&entries[0], removal, kind(ALONE))]
            }
            (None, true) => entries
                .iter()
                .enumerate()
                .map(|(at, entry)| {
                    let locks = if at == 0 { locks } else { &[] };
                    let removal = self.removal_alone(std::slice::from_ref(entry), locks, invalidates);
                    shared.change_with(entry, removal, None)
                })
                .collect(),
        };
        let is_listed_apart = shared.names.is_clustered() && shared.names.index.is_some();
        let over = is_listed_apart.then(|| (self.note_over(entries), self.over(entries)));
        let shared = Arc::clone(shared);
        async move {
            let removed = async {
                if let Some(together) = together {
                    together.await?;
                }
                let mut had_some = false;
                for removed in apart {
                    had_some |= !removed.await?.says(0);
                }
                let Some((noted, again)) = over else { return Ok(()) };
                noted.await?;
                if had_some {
                    // A write may have listed its entry after the note, and written it before the removal.
                    let index = shared.names.sets().0;
                    shared.request(&index, Box::new(shared.silent(&index, again, None)));
                }
                Ok(())
            };
            let removed = removed.await;
            if removed.is_err() {
                shared.not_renewed();
            }
            removed
        }
    }

    /// Notes in the index of a cluster that entries have expired.
    pub(super) fn note_over(
        &self,
        entries: &[Vec<u8>],
    ) -> impl Future<Output = Result<(), Fault>> + Send + 'static + use<P> {
        let noted = self.shared.change(&self.shared.names.sets().0, self.over(entries));
        async move { noted.await.map(drop) }
    }

    fn over(&self, entries: &[Vec<u8>]) -> Change {
        let shared = &self.shared;
        let members = entries.iter().map(|entry| shared.names.member(entry).to_vec());
        let arguments = std::iter::once(shared.wall()).chain(members).collect();
        shared.about_sets(&scripts::NOTE_OVER, arguments, Some(mark_singly))
    }

    /// The removal of entries on the node of the index.
    fn removal(&self, entries: &[Vec<u8>], locks: &[Vec<u8>], invalidates: bool) -> Change {
        let names = &self.shared.names;
        let [start, lifetime, most] = self.shared.marking();
        let arguments = vec![
            text(entries.len() as u64),
            self.shared.options.delete_strategy.command().into(),
            if invalidates { start } else { b"-".to_vec() },
            lifetime,
            most,
            text(names.before_members().len() as u64),
            self.shared.wall(),
        ];
        let mut change = self.shared.about_sets(&scripts::REMOVE, arguments, Some(remove_singly));
        change.keys.push(names.marks(&entries[0]));
        change.keys.extend(entries.iter().chain(locks).cloned());
        change
    }

    /// The removal of entries that are listed on another node, or nowhere.
    fn removal_alone(&self, entries: &[Vec<u8>], locks: &[Vec<u8>], invalidates: bool) -> Change {
        let [start, lifetime, most] = self.shared.marking();
        let arguments = vec![
            text(entries.len() as u64),
            self.shared.options.delete_strategy.command().into(),
            if invalidates { start } else { b"-".to_vec() },
            lifetime,
            most,
        ];
        let keys = std::iter::once(self.shared.names.marks(&entries[0]));
        let keys = keys.chain(entries.iter().chain(locks).cloned()).collect();
        // Without a mark it is one command, which needs no script.
        let (decides, otherwise) = (invalidates, Some(remove_alone_singly as scripts::Commands));
        Change { script: &scripts::REMOVE_ALONE, keys, arguments, decides, otherwise }
    }
}

/// The place of the first entry among the keys of both removals.
const BESIDE_SETS: usize = 3;
const ALONE: usize = 1;

/// The work of the script, by commands. Single commands could take an entry out of the index while it is being
/// written, so they only mark entries as expired.
fn remove_singly(mode: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    let count = usize::try_from(number(&arguments[0])).unwrap_or(usize::MAX);
    let strategy = String::from_utf8_lossy(&arguments[1]).into_owned();
    let before = usize::try_from(number(&arguments[5])).unwrap_or(0);
    let members: Vec<Vec<u8>> = keys[3..].iter().take(count).map(|name| name[before..].to_vec()).collect();
    if mode == Mode::Bare {
        return bare::remove(&strategy, &keys[3..], &keys[0], &members);
    }
    let mut asked = mark_entries(&keys[2], &arguments[2], &arguments[3]);
    if mode == Mode::Singly {
        // The entries may be on several nodes.
        asked.extend(keys[3..].iter().map(|name| commands::one(&strategy, name)));
        asked.extend(mark(&keys[1], number(&arguments[6]), &members));
        return asked;
    }
    asked.push(commands::of_members(&strategy, &keys[3], &keys[4..]));
    asked.extend(keys[..2].iter().map(|set| commands::of_members("ZREM", set, &members)));
    asked
}

fn remove_alone_singly(mode: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    let strategy = String::from_utf8_lossy(&arguments[1]).into_owned();
    if mode == Mode::Bare {
        return vec![commands::of_members(&strategy, &keys[1], &keys[2..])];
    }
    let mut asked = mark_entries(&keys[0], &arguments[2], &arguments[3]);
    if mode == Mode::Singly {
        asked.extend(keys[1..].iter().map(|name| commands::one(&strategy, name)));
    } else {
        asked.push(commands::of_members(&strategy, &keys[1], &keys[2..]));
    }
    asked
}

/// Leaves marks before anything is removed: so a loaded value that is written in between is removed as well.
fn mark_entries(marks: &[u8], start: &[u8], lifetime: &[u8]) -> Vec<Cmd> {
    if start == b"-" {
        Vec::new()
    } else {
        marks::invalidate_singly(
            marks,
            number(start),
            number(lifetime.strip_prefix(b"-").unwrap_or(lifetime)),
        )
    }
}

fn mark_singly(mode: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    if mode == Mode::Bare {
        return vec![commands::of_members("ZREM", &keys[0], &arguments[1..])];
    }
    mark(&keys[1], number(&arguments[0]), &arguments[1..]).into_iter().collect()
}

/// Marks entries as expired.
fn mark(expiry: &[u8], now: u64, members: &[Vec<u8>]) -> Option<Cmd> {
    let mut command = commands::one("ZADD", expiry);
    command.arg("XX");
    members.iter().for_each(|member| {
        command.arg(now).arg(member.as_slice());
    });
    (!members.is_empty()).then_some(command)
}
