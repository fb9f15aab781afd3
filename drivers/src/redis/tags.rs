//! Counters of tags: a text beside the entries for each tag, `<prefix>__tag:<tag>`.
//!
//! Counts are compared for equality alone. Each begins with the time and is unique, so a counter that was lost and
//! started anew never has a count that an entry carries. So commands that every user and client has are enough, and
//! in a cluster each counter may be in a slot of its own.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use lazy_layers_engine::{
    clock::Ttl,
    codec::{self, TagCount},
    entry::key::Key,
    store::Count,
};
use redis::{Cmd, Value};

use super::{
    client::ClientLink,
    commands,
    fault::{Fault, FaultKind},
    store::{Payloads, RedisStore, StoreState, millis},
    write,
};

/// The shortest life of a counter: two days. It has to show an invalidation to loads that began before it.
const SHORTEST: Ttl = Ttl(2 * 86_400_000_000);
/// The last bit of a count, which tells that of an invalidation from that of a new counter.
const INVALIDATION: u64 = 1;
const BEGINNING: u64 = 0;
/// The bits of a count below its milliseconds: random ones, and the last.
const BELOW_TIME: u32 = 20;
/// The bytes of a payload that tell whether it may have metadata.
const HEAD_BYTES: u8 = 8;

/// Whether a count is that of an invalidation, and not the first of its counter.
#[must_use]
pub fn is_of_invalidation(count: u64) -> bool {
    count & 1 == INVALIDATION
}

impl<P: Payloads> RedisStore<P> {
    /// The counts of these tags; `None` for one that has no counter.
    pub fn counts(
        &self,
        tags: &[Key],
    ) -> impl Future<Output = Result<Vec<Option<Count>>, Fault>> + Send + 'static + use<P> {
        let ask = |tag: &Key| {
            let counter = self.shared.names.tag(tag.as_bytes());
            self.shared.ask(&counter, vec![commands::one("GET", &counter)])
        };
        let asked: Vec<_> = tags.iter().map(ask).collect();
        async move {
            let mut counts = Vec::with_capacity(asked.len());
            for answers in asked {
                let number = number(&commands::next(&mut answers.await?.into_iter())?);
                counts.push(number.map(|number| Count { number, left: Ttl::NONE }));
            }
            Ok(counts)
        }
    }

    /// The counts of these tags for an entry that will live for `ttl`. A tag without a counter gets one, and the
    /// counters are kept for no shorter than the entry.
    pub fn begin_counts(
        &self,
        tags: &[Key],
        ttl: Ttl,
    ) -> impl Future<Output = Result<Vec<Count>, Fault>> + Send + 'static + use<P> {
        let shared = Arc::clone(&self.shared);
        let life = life(ttl);
        let tells_lifetimes =
            shared.supervised.access.client.as_ref().is_none_or(ClientLink::tells_lifetimes);
        let ask = |tag: &Key| {
            let counter = shared.names.tag(tag.as_bytes());
            let mut begin = set(&counter, shared.count(BEGINNING), life);
            begin.arg("NX");
            let [get, left] = commands::get(&counter);
            let mut asked = vec![begin, get];
            asked.extend(tells_lifetimes.then_some(left));
            (shared.ask_again(&counter, asked), counter)
        };
        let asked: Vec<_> = tags.iter().map(ask).collect();
        async move {
            let mut counts = Vec::with_capacity(asked.len());
            for (answers, counter) in asked {
                let mut answers = answers.await?.into_iter();
                // A full server refuses this also where there is a counter.
                let begun = commands::next(&mut answers);
                let found = commands::next(&mut answers)?;
                let Some(number) = number(&found) else { return Err(begun.err().unwrap_or_else(no_count)) };
                let left = match answers
                    .next()
                    .map(|left| commands::sound(left).and_then(|left| commands::integer(&left)))
                {
                    Some(Ok(left)) if left >= 0 => Ttl(left.unsigned_abs() * 1000),
                    _ => Ttl::FOREVER,
                };
                let left = if left < ttl {
                    shared.prolong(&counter, life).await.map_or(left, |()| life)
                } else {
                    left
                };
                counts.push(Count { number, left });
            }
            Ok(counts)
        }
    }

    /// Sets another count for each of these tags, and returns the counts.
    ///
    /// A full server refuses to store a count, but not to remove the former one: that is enough.
    pub fn invalidate_tags(
        &self,
        tags: &[Key],
    ) -> impl Future<Output = Result<Vec<Option<Count>>, Fault>> + Send + 'static + use<P> {
        let removal = self.shared.options.delete_strategy.command();
        let ask = |tag: &Key| {
            let counter = self.shared.names.tag(tag.as_bytes());
            let number = self.shared.count(INVALIDATION);
            let other = set(&counter, number, SHORTEST);
            (self.shared.ask(&counter, vec![commands::one(removal, &counter), other]), number)
        };
        let asked: Vec<_> = tags.iter().map(ask).collect();
        async move {
            let mut counts = Vec::with_capacity(asked.len());
            for (answers, number) in asked {
                let mut answers = answers.await?.into_iter();
                commands::next(&mut answers)?;
                let is_set = commands::next(&mut answers).is_ok();
                counts.push(is_set.then_some(Count { number, left: SHORTEST }));
            }
            Ok(counts)
        }
    }

    /// The tags of an entry, each with its count; `None` if there is no entry.
    pub fn tags_of(
        &self,
        key: &[u8],
    ) -> impl Future<Output = Result<Option<Vec<TagCount>>, Fault>> + Send + 'static + use<P> {
        let shared = Arc::clone(&self.shared);
        let entry = shared.names.entry(key);
        let mut head = commands::one("GETRANGE", &entry);
        head.arg(0).arg(HEAD_BYTES - 1);
        // A client that is driven may have no such command, or return a text.
        let looked = shared
            .supervised
            .access
            .client
            .is_none()
            .then(|| shared.ask(&entry, vec![commands::one("EXISTS", &entry), head]));
        async move {
            if let Some(looked) = looked {
                let mut answers = looked.await?.into_iter();
                if commands::integer(&commands::next(&mut answers)?)? == 0 {
                    return Ok(None);
                }
                // Where the command is refused, the whole entry is read.
                if let Ok(Value::BulkString(head)) = commands::next(&mut answers)
                    && !codec::may_have_metadata(&head)
                {
                    return Ok(Some(Vec::new()));
                }
            }
            let found = shared.ask(&entry, vec![commands::one("GET", &entry)]).await?;
            match commands::next(&mut found.into_iter())? {
                Value::BulkString(payload) => {
                    let metadata = codec::metadata(&payload);
                    let corrupt = |reason: codec::Corrupt| Fault::new(FaultKind::Corrupt, reason.0);
                    metadata.map(|metadata| Some(metadata.tags)).map_err(corrupt)
                }
                _ => Ok(None),
            }
        }
    }
}

impl<P: Payloads> StoreState<P> {
    /// A count that no counter has had.
    fn count(&self, last: u64) -> u64 {
        static GIVEN: AtomicU64 = AtomicU64::new(0);
        let random = fastrand::u64(..1 << (BELOW_TIME - 1));
        let count = (self.clock.wall_millis() << BELOW_TIME) | (random << 1);
        let next = |given| Some(count.max(given + 2));
        let given = GIVEN.fetch_update(Relaxed, Relaxed, next).unwrap_or_default();
        count.max(given + 2) | last
    }

    async fn prolong(&self, counter: &[u8], life: Ttl) -> Result<(), Fault> {
        let command = if life == Ttl::FOREVER {
            commands::one("PERSIST", counter)
        } else {
            let mut expire = commands::one("PEXPIRE", counter);
            expire.arg(millis(life));
            expire
        };
        commands::next(&mut self.ask(counter, vec![command]).await?.into_iter()).map(drop)
    }
}

/// The life of the counters of an entry that lives for `ttl`. It is prolonged now and then, not with each entry.
fn life(ttl: Ttl) -> Ttl {
    if ttl == Ttl::FOREVER { ttl } else { Ttl(ttl.0.saturating_mul(2)).max(SHORTEST) }
}

fn set(counter: &[u8], count: u64, life: Ttl) -> Cmd {
    commands::set(counter, &write::text(count), millis(life))
}

fn number(answer: &Value) -> Option<u64> {
    let Value::BulkString(text) = answer else { return None };
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn no_count() -> Fault {
    Fault::new(FaultKind::Server, "a counter of a tag has no count")
}
