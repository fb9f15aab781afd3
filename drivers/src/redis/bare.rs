//! The index by the commands of 0.4.0 alone, for a client that its owner drives and that runs no scripts. It is one
//! sorted set, which does not tell which entries have expired.
//!
//! A pipeline of such a client is no transaction: commands of other callers may come in between. So an entry is
//! listed, written, and listed again; or removed, taken out of the index, and removed again. In whatever order the
//! commands of two callers come, an entry that remains is listed. Expired entries stay listed until they are looked
//! at: every now and then a write looks at a few members.

use std::sync::atomic::Ordering;

use lazy_layers_engine::entry::pattern::Pattern;
use redis::Cmd;

use super::{
    commands::{self, Commands},
    fault::Fault,
    scan::Position,
    scripts::Mode,
    store::{Payloads, RedisStore, StoreState},
    write::number,
};

/// The writes between two looks at some members: so at most a quarter of them are of entries that are gone.
const WRITES: u64 = 16;
const LOOKS: u64 = 64;
/// How many members are looked at together.
const STEP: usize = 500;
/// Beyond this number of members a size is their number: looking at each would take too long.
const COUNTED: u64 = 10_000;
/// The names that a pattern finds before the first are removed: the cursors of some clients are places in a list, which
/// would move.
const TOGETHER: usize = 10_000;

/// The work of the scripts that write, of their keys (entry, marks, index) and arguments (payload, lifetime, member,
/// clock).
pub(super) fn write(keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Vec<Cmd> {
    let set = commands::set(&keys[0], &arguments[0], number(&arguments[1]));
    let listed = list(&keys[2], &arguments[2], &arguments[3]);
    vec![listed.clone(), set, listed]
}

/// Lists a member as written now.
pub(super) fn list(index: &[u8], member: &[u8], now: &[u8]) -> Cmd {
    let mut add = commands::one("ZADD", index);
    add.arg(now).arg(member);
    add
}

/// Removes names, takes their members out of the index, and removes them again.
pub(super) fn remove(strategy: &str, names: &[Vec<u8>], index: &[u8], members: &[Vec<u8>]) -> Vec<Cmd> {
    let removal = commands::of_members(strategy, &names[0], &names[1..]);
    vec![removal.clone(), commands::of_members("ZREM", index, members), removal]
}

impl<P: Payloads> StoreState<P> {
    /// Whether only the commands of 0.4.0 may be sent.
    pub(super) fn is_bare(&self) -> bool {
        self.supervised.access.client.is_some() && self.mode(self.links(), true) == Mode::Bare
    }
}

impl<P: Payloads> RedisStore<P> {
    /// The same for a client that may not have been asked yet. Runs on the runtime, where timers are.
    pub(super) async fn is_bare(&self) -> bool {
        let Some(client) = &self.shared.supervised.access.client else { return false };
        client.learn(self.shared.options.command_timeout).await;
        self.shared.is_bare()
    }

    /// After a write: looks at a few members now and then, and keeps the bound.
    pub(super) async fn tidy_bare(&self, most: Option<u64>) -> Result<(), Fault> {
        let writes = self.shared.writes.fetch_add(1, Ordering::Relaxed) + 1;
        if writes.is_multiple_of(WRITES) {
            self.in_background(|store| async move { store.look_around().await });
        }
        match most {
            Some(most) => {
                let store = self.clone();
                self.shared.apart(async move { store.trim_bare(most).await }).await
            }
            None => Ok(()),
        }
    }

    /// Looks at some members, anywhere.
    async fn look_around(&self) -> Result<(), Fault> {
        let count = self.listed_count().await?;
        let from = fastrand::u64(..=count.saturating_sub(LOOKS));
        self.sweep_bare(self.listed_from(from, Some(from + LOOKS - 1)).await?).await.map(drop)
    }

    /// Removes the oldest live entries beyond a bound.
    async fn trim_bare(&self, most: u64) -> Result<(), Fault> {
        let mut count = self.listed_count().await?;
        if count <= most {
            return Ok(());
        }
        // Not with each write beyond the bound: a sweep removes all expired entries, and few expire until the
        // next write.
        let writes = self.shared.writes.load(Ordering::Relaxed);
        let is_due = {
            let mut search = self.shared.search.lock();
            let is_due = writes >= search.writes;
            if is_due {
                search.writes = writes + WRITES.max(most / 8);
            }
            is_due
        };
        if is_due {
            count = self.sweep_bare(self.listed_from(0, None).await?).await?;
        }
        if count > most {
            let oldest = self.listed_from(0, Some(count - most - 1)).await?;
            self.remove_members(oldest).await?;
        }
        Ok(())
    }

    /// The number of live entries, where only few commands are sent.
    pub(super) async fn size_if_bare(&self) -> Result<Option<u64>, Fault> {
        if self.shared.supervised.access.client.is_none() {
            return Ok(None);
        }
        let store = self.clone();
        let counted =
            async move { if store.is_bare().await { store.size_bare().await.map(Some) } else { Ok(None) } };
        self.shared.apart(counted).await
    }

    async fn size_bare(&self) -> Result<u64, Fault> {
        let count = self.listed_count().await?;
        if count > COUNTED {
            return Ok(count);
        }
        self.sweep_bare(self.listed_from(0, None).await?).await
    }

    /// Removes all entries that match. Returns how many.
    pub(super) async fn delete_bare(&self, pattern: &Pattern) -> Result<u64, Fault> {
        if !pattern.as_bytes().iter().any(|byte| b"*?".contains(byte)) {
            // A pattern without wildcards matches itself alone.
            let name = self.shared.names.entry(pattern.as_bytes());
            return self.remove_all(self.matching([name].into_iter(), pattern)).await;
        }
        let (mut at, mut found, mut count) = (Some(Position::default()), Vec::new(), 0);
        while let Some(position) = at {
            let step = self.step(position, pattern, self.shared.options.scan_count).await?;
            found.extend(step.names);
            at = step.next;
            if found.len() >= TOGETHER || at.is_none() {
                count += self.remove_all(std::mem::take(&mut found)).await?;
            }
        }
        Ok(count)
    }

    /// Takes out members whose entries are gone. Returns how many members remain.
    async fn sweep_bare(&self, members: Vec<Vec<u8>>) -> Result<u64, Fault> {
        let mut live = 0;
        for some in members.chunks(STEP) {
            let asked: Vec<_> = some
                .iter()
                .map(|member| {
                    let name = self.shared.names.listed(member.clone());
                    let (asked, answers) = Commands::asked(&name, vec![commands::one("EXISTS", &name)]);
                    self.shared.requests.send(asked);
                    answers
                })
                .collect();
            let mut gone = Vec::new();
            for (member, answers) in some.iter().zip(asked) {
                let answers = answers.await.unwrap_or_else(|_| Err(Fault::closed()))?;
                match commands::integer(&commands::next(&mut answers.into_iter())?)? {
                    0 => gone.push(member.clone()),
                    _ => live += 1,
                }
            }
            // The entries are removed as well: one that was written since becomes a miss, and not an entry that
            // no pattern finds.
            self.remove_members(gone).await?;
        }
        Ok(live)
    }

    async fn remove_members(&self, members: Vec<Vec<u8>>) -> Result<(), Fault> {
        let names: Vec<_> = members.into_iter().map(|member| self.shared.names.listed(member)).collect();
        for some in names.chunks(self.shared.options.batch_size.max(1)) {
            self.remove(some).await?;
        }
        Ok(())
    }

    async fn listed_count(&self) -> Result<u64, Fault> {
        let index = self.shared.names.sets().0;
        let answers = self.shared.ask(&index, vec![commands::one("ZCARD", &index)]).await?;
        commands::count(&commands::next(&mut answers.into_iter())?)
    }

    /// Members by their age, from the first place to the last one, included; `None`: all.
    async fn listed_from(&self, first: u64, last: Option<u64>) -> Result<Vec<Vec<u8>>, Fault> {
        let index = self.shared.names.sets().0;
        let mut range = commands::one("ZRANGE", &index);
        range.arg(first);
        match last {
            Some(last) => range.arg(last),
            None => range.arg(-1),
        };
        let answers = self.shared.ask(&index, vec![range]).await?;
        commands::texts(commands::next(&mut answers.into_iter())?)
    }
}
