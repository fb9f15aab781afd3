//! Deletes: of keys, and of all that match a pattern.

use std::future::Future;

use lazy_layers_engine::entry::pattern::Pattern;
use redis::Cmd;

use super::{
    atomic::Change,
    commands,
    fault::Fault,
    scan::Position,
    scripts::{self, Mode},
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
        self.removed(&[names.entry(key)], lock.as_slice())
    }

    /// Removes all keys that match. Returns their number.
    pub fn delete_by_pattern(
        &self,
        pattern: &Pattern,
    ) -> impl Future<Output = Result<u64, Fault>> + Send + 'static + use<P> {
        let (store, pattern) = (self.clone(), pattern.clone());
        self.shared.apart(async move {
            store.shared.all_prepared().await;
            let (mut at, mut count) = (Some(Position::default()), 0);
            while let Some(position) = at {
                let step = store.step(position, &pattern, store.shared.options.scan_count).await?;
                for names in step.names.chunks(store.shared.options.batch_size.max(1)) {
                    store.remove(names, &[]).await?;
                    count += names.len() as u64;
                }
                at = step.next;
            }
            Ok(count)
        })
    }

    /// Removes entries and locks, and takes the entries out of the index. The first entry is in the slot of the locks.
    pub(super) async fn remove(&self, entries: &[Vec<u8>], locks: &[Vec<u8>]) -> Result<(), Fault> {
        self.removed(entries, locks).await
    }

    fn removed(
        &self,
        entries: &[Vec<u8>],
        locks: &[Vec<u8>],
    ) -> impl Future<Output = Result<(), Fault>> + Send + 'static + use<P> {
        let shared = &self.shared;
        let together = (shared.names.index.is_some() && !shared.names.is_clustered())
            .then(|| shared.change(&entries[0], self.removal(entries, locks)));
        // All are on their way before the first answer is waited for.
        let apart: Vec<_> = match (&together, shared.names.is_clustered()) {
            (Some(_), _) => Vec::new(),
            (None, false) => vec![shared.ask(&entries[0], vec![self.unlink(entries, locks)])],
            (None, true) => entries
                .iter()
                .enumerate()
                .map(|(at, entry)| {
                    let locks = if at == 0 { locks } else { &[] };
                    shared.ask(entry, vec![self.unlink(std::slice::from_ref(entry), locks)])
                })
                .collect(),
        };
        let marked = (shared.names.is_clustered() && shared.names.index.is_some()).then(|| {
            let members = entries.iter().map(|entry| shared.names.member(entry).to_vec());
            let arguments = std::iter::once(shared.wall()).chain(members).collect();
            let mark = shared.about_sets(&scripts::MARK, arguments, Some(mark_singly));
            shared.change(&shared.names.sets().0, mark)
        });
        async move {
            if let Some(together) = together {
                together.await?;
            }
            for answers in apart {
                commands::next(&mut answers.await?.into_iter())?;
            }
            if let Some(marked) = marked {
                marked.await?;
            }
            Ok(())
        }
    }

    /// Of entries that are on the node of the index.
    fn removal(&self, entries: &[Vec<u8>], locks: &[Vec<u8>]) -> Change {
        let names = &self.shared.names;
        let command = self.shared.options.delete_strategy.command();
        let arguments = vec![
            text(entries.len() as u64),
            text(names.before_members().len() as u64),
            command.into(),
            self.shared.wall(),
        ];
        let mut change = self.shared.about_sets(&scripts::REMOVE, arguments, Some(remove_singly));
        change.keys.extend(entries.iter().chain(locks).cloned());
        change
    }

    fn unlink(&self, entries: &[Vec<u8>], locks: &[Vec<u8>]) -> Cmd {
        let mut command = redis::cmd(self.shared.options.delete_strategy.command());
        entries.iter().chain(locks).for_each(|name| {
            command.arg(name.as_slice());
        });
        command
    }
}

/// The work of the script, by commands. One after the other they could take out what is being written: then the entries
/// are only marked as over.
fn remove_singly(mode: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    let count = usize::try_from(number(&arguments[0])).unwrap_or(usize::MAX);
    let before = usize::try_from(number(&arguments[1])).unwrap_or(0);
    let strategy = String::from_utf8_lossy(&arguments[2]).into_owned();
    let members: Vec<Vec<u8>> = keys[2..].iter().take(count).map(|name| name[before..].to_vec()).collect();
    if mode == Mode::Singly {
        // They need not be on one node.
        let mut asked: Vec<Cmd> = keys[2..].iter().map(|name| commands::one(&strategy, name)).collect();
        asked.extend(mark(&keys[1], number(&arguments[3]), &members));
        return asked;
    }
    let mut removal = redis::cmd(&strategy);
    keys[2..].iter().for_each(|name| {
        removal.arg(name.as_slice());
    });
    let mut asked = vec![removal];
    asked.extend(keys[..2].iter().map(|set| commands::of_members("ZREM", set, &members)));
    asked
}

fn mark_singly(_: Mode, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    mark(&keys[1], number(&arguments[0]), &arguments[1..]).into_iter().collect()
}

/// Marks entries as over.
fn mark(expiry: &[u8], now: u64, members: &[Vec<u8>]) -> Option<Cmd> {
    let mut command = commands::one("ZADD", expiry);
    command.arg("XX");
    members.iter().for_each(|member| {
        command.arg(now).arg(member.as_slice());
    });
    (!members.is_empty()).then_some(command)
}
